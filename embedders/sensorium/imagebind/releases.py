"""The released checkpoints, and where weights are kept on this machine's disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sensorium.errors import CheckpointNotFoundError, DiskSpaceError
from sensorium.imagebind.config import ImageBindConfig

HOME_VARIABLE = "SENSORIUM_HOME"

# Called with the step ("download", "convert" or "verify"), the bytes done so far, and the bytes
# in all, or None while they are unknown.
Progress: TypeAlias = Callable[[str, int, "int | None"], None]


@dataclass(frozen=True)
class Release:
    """One released checkpoint.

    Attributes:
        name: Name of the release in Sensorium.
        url: URL of the file.
        bytes: Size of the file; `None` if it was not published, and a download is checked against
            the size that the server states.
        licence: Licence, in the publisher's words.
        terms: Page with the text of the licence.
        origin: Repository and commit that published the release.
        config: Sizes of the model, against which names and shapes are checked strictly.
    """

    name: str
    url: str
    bytes: int | None
    licence: str
    terms: str
    origin: str
    config: ImageBindConfig


IMAGEBIND_HUGE = Release(
    name="imagebind-huge",
    url="https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth",
    bytes=None,
    licence="CC BY-NC-SA 4.0 in its LICENSE and model card, CC-BY-NC in its README",
    terms="https://github.com/facebookresearch/ImageBind",
    origin="facebookresearch/ImageBind@53680b0",
    config=ImageBindConfig.huge(),
)
RELEASES = {release.name: release for release in (IMAGEBIND_HUGE,)}


def find_release(name: str) -> Release:
    """Return the release called `name`.

    Raises:
        CheckpointNotFoundError: No release has that name.
    """
    if name not in RELEASES:
        raise CheckpointNotFoundError(
            f"the release {name!r}", f"one of {', '.join(RELEASES)}", "correct the name"
        )
    return RELEASES[name]


def home() -> Path:
    """Return Sensorium's own directory: `SENSORIUM_HOME`, by default `~/.cache/sensorium`."""
    return Path(os.environ.get(HOME_VARIABLE) or "~/.cache/sensorium").expanduser()


def release_directory(name: str) -> Path:
    """Return the directory where the weights called `name` are, or would be, installed."""
    return home() / "models" / name


def require_space(directory: Path, needed: int) -> None:
    """Check that `needed` bytes fit on the disk of `directory`, which may not exist yet.

    Raises:
        DiskSpaceError: The disk has fewer free bytes.
    """
    existing = next(place for place in (directory, *directory.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise DiskSpaceError(
            f"{free:,} free bytes on the disk of {str(existing)!r}",
            f"{needed:,}",
            f"free some space, choose another directory or set {HOME_VARIABLE}",
        )


def sync_directory(directory: Path) -> None:
    """Make the names in a directory survive a power failure, where the system allows it."""
    if os.name != "nt":  # Windows cannot open a directory
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
