"""Why files are passed over, and what would read them."""

from __future__ import annotations

import stat
from pathlib import Path

from sensorium.errors import MissingExtraError, SensoriumError
from sensorium.percepts.percept import Percept
from sensorium.percepts.recognising import kind_of_bytes
from sensorium.percepts.signatures import PREFIX

RUN = "run: "  # begins the remedy of an extra that is not installed
MAPS = frozenset(
    {".pfm", ".npy", ".exr", ".h5", ".hdf5", ".mat"}
)  # hold maps more than other things
MEDIA = {"image": "a picture", "audio": "a sound", "video": "a video"}
# Suffixes of files that are not all there, or were put aside
UNFINISHED = frozenset(
    {
        ".part",
        ".partial",
        ".crdownload",
        ".download",
        ".opdownload",
        ".tmp",
        ".temp",
        ".bak",
        ".old",
    }
)
KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class Reason(str):
    """Why a file is passed over, as text.

    Attributes:
        words: The reason without what would read the file.
        remedy: What would read it: an extra to install, an option, a rule; empty if nothing would.
        by_suffix: Whether such files are counted by the ends of their names.
    """

    words: str
    remedy: str
    by_suffix: bool

    def __new__(cls, words: str, *, remedy: str = "", by_suffix: bool = False) -> Reason:
        """Make a reason of its words, and of what would read the file."""
        made = super().__new__(cls, f"{words}: {remedy}" if remedy else words)
        made.words, made.remedy, made.by_suffix = words, remedy, by_suffix
        return made


UNKNOWN_KIND = Reason("unknown kind", by_suffix=True)
HIDDEN = Reason("hidden")
TO_FOLDER, TO_NOTHING = Reason("a link to a folder"), Reason("a link to nothing")
OUTSIDE = Reason("a link out of the folder")
OTHER = Reason("neither a file nor a folder")


def as_reason(why: str) -> Reason:
    """Return the words of a reader that knows no `Reason` as one."""
    return why if isinstance(why, Reason) else Reason(why, by_suffix=True)


def read_with(name: str) -> Reason:
    """Return the reason of a file that is read as a part of another one."""
    return Reason(f"read with {name}")


def needs_extra(error: MissingExtraError) -> Reason:
    """Return the reason of a file that a package would read which is not installed."""
    return Reason("an extra is missing", remedy=error.remedy.removeprefix(RUN), by_suffix=True)


def no_file(path: Path) -> Reason:
    """Return what a path is that is no file and no folder; nothing of it is opened."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return TO_NOTHING if path.is_symlink() else OTHER
    kind = KINDS.get(stat.S_IFMT(mode))
    return Reason(kind) if kind else OTHER


def unknown_kind(path: Path) -> Reason:
    """Return the reason of a file of which nothing says what it is, with the rule that would."""
    suffix = path.suffix.lower()
    if suffix in MAPS:
        return Reason(
            "it may be a map of depth or heat",
            remedy=f"say so with --map '*{suffix}=depth,unit=m', or in a sensorium.toml",
            by_suffix=True,
        )
    motion = Percept.modalities["imu"]
    kind = None
    try:
        moves = suffix in motion.doubted_suffixes and motion.may_be(path)
        if suffix and suffix not in UNFINISHED and not suffix.endswith("~"):
            with path.open("rb") as stream:
                kind = kind_of_bytes(stream.read(PREFIX))
    except (SensoriumError, OSError):
        moves = False
    if kind in MEDIA:
        return Reason(
            f"by its content {MEDIA[kind]}",
            remedy=f"say so with --map '*{path.suffix}={kind}', or in a sensorium.toml",
            by_suffix=True,
        )
    if moves:
        return Reason(
            "it may be a table of motion",
            remedy=f"say so with --map '*{suffix}=imu,accel=m/s^2,gyro=rad/s', or in a "
            "sensorium.toml",
            by_suffix=True,
        )
    return UNKNOWN_KIND
