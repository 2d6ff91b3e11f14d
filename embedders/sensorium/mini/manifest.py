"""The weights inside the package: a file for each tower, found by name, checked by digest."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sensorium.errors import CheckpointFormatError, CheckpointNotFoundError, first_problem

DIRECTORY = Path(__file__).parent / "weights"
MANIFEST = "manifest.json"  # beside the files it lists
APART = frozenset({"languages"})  # files that no vector of English, nor of a signal, depends on


class WeightsFile(BaseModel):
    """One file of weights, as the manifest lists it.

    Attributes:
        file: Name of the file, beside the manifest.
        bytes: Size of the file.
        sha256: Digest of the content, hex.
        weights: Digest of the trained weights, hex, whatever the form of their file.
        parameters: Numbers in the file.
        licence: SPDX expression.
        sources: Origins of the weights: packages, data sets, starting points.
        training: Seeds, steps and figures of the training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    bytes: int
    sha256: str
    weights: str
    parameters: int
    licence: str
    sources: tuple[str, ...]
    training: dict[str, str | int | float]


class Manifest(BaseModel):
    """Every file of weights, by the tower it belongs to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, WeightsFile]

    @property
    def digest(self) -> str:
        """Digest that names the space: SHA-256 (hex) of the digests of all weights but `APART`."""
        lines = [
            f"{name} {entry.weights}\n"
            for name, entry in sorted(self.files.items())
            if name not in APART
        ]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


@cache
def manifest(directory: Path = DIRECTORY) -> Manifest:
    """Read the list of weights.

    Raises:
        CheckpointNotFoundError: The directory has no manifest.
        CheckpointFormatError: The manifest is damaged.
    """
    path = directory / MANIFEST
    try:
        return Manifest.model_validate(json.loads(_content(path)))
    except (ValidationError, ValueError) as error:
        reason = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise CheckpointFormatError(
            f"a damaged list of weights, {str(path)!r} ({reason})",
            "the file that came with the package",
            "reinstall sensorium",
        ) from error


def read_listed(name: str, directory: Path = DIRECTORY) -> bytes:
    """Read a file by its name in the list of weights, and check that it is the listed one.

    Raises:
        CheckpointNotFoundError: The file, or the list, is missing.
        CheckpointFormatError: The list is damaged, or the file is not the one it lists.
    """
    entry = manifest(directory).files.get(name)
    if entry is None:
        raise CheckpointFormatError(
            f"the list of weights {str(directory / MANIFEST)!r} without {name!r}",
            "the file that came with the package",
            "reinstall sensorium",
        )
    return read_verified(directory / entry.file, entry.sha256)


def read_verified(path: Path, sha256: str) -> bytes:
    """Read a file, and check that it is the one that the package was made with.

    Raises:
        CheckpointNotFoundError: The file is missing.
        CheckpointFormatError: The file has another digest.
    """
    content = _content(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise CheckpointFormatError(
            f"{str(path)!r} with {len(content)} bytes and digest {found[:12]}...",
            f"digest {sha256[:12]}...",
            "reinstall sensorium: the file was changed or cut short",
        )
    return content


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointNotFoundError(
            f"no weights at {str(path)!r} ({error.strerror})",
            "the files that come with the package",
            "reinstall sensorium",
        ) from error
