"""Samples by name, each with the units that its file does not say."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from sensorium.errors import SourceNotFoundError
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Thermal

FOLDER = Path(__file__).with_name("media")
NOTES = FOLDER / "texts.json"

# The first word of a file's name says what it is, and so how it is opened.
OPENERS: Mapping[str, Callable[[Path], Percept]] = {
    "depth": partial(Depth, unit="mm", fx="assume-60deg"),
    "imu": partial(IMU, accel="m/s^2", gyro="rad/s"),
    "photo": Image,
    "sound": Audio,
    "thermal": partial(Thermal, unit="white-hot"),
}
# These two are pictures of a Seek camera, whose colours stand for temperatures.
SPECTRA = frozenset({"thermal_dog", "thermal_person"})


def sample_names(kind: str | None = None) -> list[str]:
    """Return the names of the samples, sorted: `"depth_banana"`, ..., `"thermal_person"`.

    Args:
        kind: The first word of the names: `"depth"`, `"imu"`, `"photo"`, `"sound"` or `"thermal"`;
            all samples by default.
    Raises:
        SourceNotFoundError: There are no samples of that kind.
    """
    if kind is not None and kind not in OPENERS:
        raise SourceNotFoundError(
            f"samples of the kind {kind!r}", f"one of {', '.join(OPENERS)}", "choose one of these"
        )
    wanted = OPENERS if kind is None else {kind}
    return sorted(path.stem for path in FOLDER.iterdir() if _kind(path) in wanted)


def sample(name: str) -> Percept:
    """Open a sample.

    Args:
        name: Name of the sample, such as `"photo_dog"`; see `sample_names`. The name of the file,
            such as `"photo_dog.jpg"`, is accepted, too.
    Returns:
        An `Image`, `Audio`, `IMU`, `Depth` or `Thermal`, with the units its file does not say.
    Raises:
        SourceNotFoundError: There is no sample of that name.
    """
    for path in FOLDER.iterdir():
        if name in (path.stem, path.name) and (kind := _kind(path)) in OPENERS:
            palette = {"palette": "spectra"} if path.stem in SPECTRA else {}
            return OPENERS[kind](path, **palette)
    raise SourceNotFoundError(
        f"the sample {name!r}", f"one of {', '.join(sample_names())}", "choose one of these"
    )


def notes() -> list[str]:
    """Return five short notes in English, to be remembered as texts."""
    texts: list[str] = json.loads(NOTES.read_text(encoding="utf-8"))
    return texts


def _kind(path: Path) -> str:
    return path.name.partition("_")[0]
