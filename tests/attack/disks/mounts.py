"""Small file systems of one's own: root only, and only where the machine lets them be mounted."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 2**20


def why_not(kind: str, home: Path) -> str:
    """Say why a file system of a kind cannot be mounted here; empty if it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "needs root"
    if kind != "tmpfs" and shutil.which(f"mkfs.{kind}") is None:
        return f"needs mkfs.{kind}"
    try:
        with mounted(kind, home / "try", mib=smallest(kind)):
            return ""
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        return f"{kind} cannot be mounted here: {' '.join(said[-1:])}"


def smallest(kind: str) -> int:
    """MiB that a file system of a kind needs at least."""
    return 320 if kind == "xfs" else 64


@contextmanager
def mounted(kind: str, place: Path, *, mib: int, options: str = "") -> Iterator[Path]:
    """Mount a new file system of some size at a folder."""
    place.mkdir(parents=True, exist_ok=True)
    more = f",{options}" if options else ""
    image = place.with_suffix(".img")
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={mib}m{more}", "tmpfs", str(place))
    else:
        make(kind, image, mib)
        _run("mount", "-o", f"loop{more}", str(image), str(place))
    try:
        yield place
    finally:
        unmount(place)
        image.unlink(missing_ok=True)


def make(kind: str, image: Path, mib: int) -> None:
    """Make a file system in a file."""
    image.unlink(missing_ok=True)
    with image.open("wb") as file:
        file.truncate(mib * MIB)
    quiet = ["-q", "-F", "-m", "0"] if kind == "ext4" else ["-q"]
    _run(f"mkfs.{kind}", *quiet, str(image))


def mount_again(image: Path, place: Path) -> None:
    """Mount a file system that was cut off: its log is played back."""
    _run("mount", "-o", "loop", str(image), str(place))


def unmount(place: Path) -> None:
    """Unmount, when its last user is gone."""
    for _ in range(50):
        done = subprocess.run(["umount", str(place)], capture_output=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
