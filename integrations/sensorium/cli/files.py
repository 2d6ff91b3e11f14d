"""Files as percepts: which sense a file is for, and the units that only the caller knows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sensorium.errors import MediaDecodeError, SourceNotFoundError, SourceRefusedError, UnitError

if TYPE_CHECKING:
    from sensorium.percepts import Percept

PICTURES = ".jpg .jpeg .png .webp .gif .bmp .tif .tiff .avif"
SUFFIXES = {  # what a sense is kept in; the first sense of a suffix is its guess
    "image": PICTURES,
    "audio": ".wav .mp3 .ogg .oga .opus .flac .m4a .aac .aif .aiff .wma",
    "video": ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg",
    "text": ".txt .md",
    "imu": ".npz .csv",
    "depth": ".png .tif .tiff .pfm",
    "thermal": PICTURES,
}
GUESSED = {
    suffix: modality
    for modality in ("imu", "text", "video", "audio", "image")
    for suffix in SUFFIXES[modality].split()
}
STDIN = "-"
URL = re.compile(r"https?:/", re.IGNORECASE)  # of which a Path keeps one slash
UNKNOWN_KIND, HIDDEN = "unknown kind", "hidden"  # why a file of a folder is passed over


@dataclass(frozen=True)
class Units:
    """What a file does not say of itself; `None` where it was not given.

    Attributes:
        unit: Of depth or of thermal.
        fx: Focal length of a depth camera, pixels or "assume-60deg".
        palette: Colours of a thermal picture.
        accel: Unit of the acceleration.
        gyro: Unit of the rotation rate.
        rate: Samples per second.
    """

    unit: str | None = None
    fx: str | None = None
    palette: str | None = None
    accel: str | None = None
    gyro: str | None = None
    rate: float | None = None

    def of(self, modality: str) -> dict[str, Any]:
        """Return the keywords that the class of a modality takes.

        Raises:
            UnitError: One that it needs was not given.
        """
        known: dict[str, dict[str, Any]] = {
            "depth": {"unit": _number(self.unit), "fx": _number(self.fx)},
            "thermal": {"unit": self.unit, "palette": self.palette},
            "imu": {"accel": self.accel, "gyro": self.gyro, "rate": self.rate},
        }
        given = known.get(modality, {})
        needed = {"thermal": ["unit"], "imu": ["accel", "gyro"]}.get(modality, [])
        if modality == "depth":
            needed = ["unit"] if self.unit in ("relative", "disparity") else ["unit", "fx"]
        missing = [f"--{name}" for name in needed if given[name] is None]
        if missing:
            raise UnitError(
                f"{modality} without {' and '.join(missing)}",
                "its units, which the file does not say",
                f"add {REMEDIES[modality]} (what holds for your sensor)",
            )
        return {name: value for name, value in given.items() if value is not None}


REMEDIES = {
    "depth": "--unit mm --fx 525",
    "thermal": "--unit white-hot",
    "imu": '--accel "m/s^2" --gyro rad/s',
}


def found(paths: Sequence[Path], *, modality: str | None) -> tuple[list[Path], dict[Path, str]]:
    """Name the files to remember: those given, and in folders those of a known kind, sorted.

    Args:
        paths: Files and folders.
        modality: What the files are; by default what their names say.
    Returns:
        The files, and what of the folders is passed over, and why.
    """
    suffixes = set(SUFFIXES[modality].split() if modality else GUESSED)
    unknown = f"no kind of {modality}" if modality else UNKNOWN_KIND
    files: list[Path] = []
    skipped: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        for each in _walked(path, skipped):
            if each.suffix.lower() in suffixes:
                files.append(each)
            else:
                skipped[each] = unknown
    return list(dict.fromkeys(files)), skipped


def sense_of(path: Path, units: Units, *, modality: str | None = None) -> str:
    """Say what a file is, without reading it.

    Args:
        path: Of it; "-" is text from stdin.
        units: What it does not say of itself.
        modality: What it is; by default what its name says. Depth and thermal are never guessed.
    Raises:
        SourceNotFoundError: It is not there.
        SourceRefusedError: It is on the web.
        MediaDecodeError: Its name says nothing.
        UnitError: Units are missing.
    """
    if str(path) == STDIN:
        return "text"
    if URL.match(str(path)):
        raise SourceRefusedError(
            f"the address {str(path)!r}", "a file: nothing is fetched", "download it first"
        )
    if not path.exists():
        words = f'for words, run: sensorium remember --text "{path}"'
        raise SourceNotFoundError(
            f"no file {str(path)!r}",
            "one that is there",
            "check the path" if path.suffix else f"check the path; {words}",
        )
    sense = modality or _guess(path)
    units.of(sense)
    return sense


def read(path: Path, units: Units, *, modality: str | None = None) -> Percept:
    """Make a percept of a file; arguments as of `sense_of`.

    Raises:
        MediaDecodeError: Its content is not what it should be.
        PerceptError: As `sense_of` and the percept's class.
    """
    from sensorium.percepts import Percept, Text

    sense = sense_of(path, units, modality=modality)
    if str(path) == STDIN:
        return Text(sys.stdin.read())
    uri = path.absolute().as_uri()
    if sense == "text":
        try:
            return Text(path.read_text(encoding="utf-8-sig"), uri=uri)
        except UnicodeDecodeError as error:
            raise MediaDecodeError(
                f"{path.name}, which is not UTF-8 ({error.reason})",
                "text in UTF-8",
                "convert it, or say what it is with --as",
            ) from error
    make: Any = Percept.modalities[sense]
    return make(path, uri=uri, **units.of(sense))  # type: ignore[no-any-return]  # a Percept class


def _walked(folder: Path, skipped: dict[Path, str]) -> Iterator[Path]:
    """Give the files of a folder, sorted; note what is hidden, folders without what they hold."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            skipped[path] = HIDDEN
        elif path.is_dir() and not path.is_symlink():
            yield from _walked(path, skipped)
        elif path.is_file():
            yield path


def _guess(path: Path) -> str:
    modality = GUESSED.get(path.suffix.lower())
    if modality is None:
        raise MediaDecodeError(
            f"{path.name!r}, whose name does not say what it is",
            f"one of {' '.join(sorted(GUESSED))}",
            f"say it: --as {'|'.join(SUFFIXES)}",
        )
    from sensorium.percepts.recognising import is_deep_picture

    if modality == "image" and is_deep_picture(path):
        raise UnitError(
            f"{path.name!r}, a picture of one channel of 16 bits or more",
            "what its numbers mean",
            "say it: --as depth --unit mm --fx 525, --as thermal --unit celsius, or --as image",
        )
    return modality


def _number(text: str | None) -> str | float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return text
