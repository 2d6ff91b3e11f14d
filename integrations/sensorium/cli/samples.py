"""The samples that travel with the package: real photos, sounds, motion, depth and heat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from sensorium.memory import Moment
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Thermal

INSTALLED = Path(__file__).with_name("media")  # the wheel has them here
CHECKOUT = Path(__file__).parents[3] / "examples" / "media"
SPECTRA = {"thermal_dog", "thermal_person"}  # in the colours of a Seek camera


def media() -> Path:
    """Return the folder of the samples; ATTRIBUTION.md in it says where each is from."""
    return INSTALLED if INSTALLED.is_dir() else CHECKOUT


def sample(name: str) -> Percept:
    """Open a sample by the name of its file, with the units that the file does not say."""
    path = media() / name
    kind = name.partition("_")[0]
    if kind == "photo":
        return Image(path)
    if kind == "sound":
        return Audio(path)
    if kind == "thermal":
        palette = "spectra" if path.stem in SPECTRA else None
        return Thermal(path, unit="white-hot", palette=palette)
    if kind == "depth":
        return Depth(path, unit="mm", fx="assume-60deg")
    return IMU(path, accel="m/s^2", gyro="rad/s")


def moments() -> Iterator[Moment]:
    """Give every sample as a memory of its own, and the notes."""
    for path in sorted(media().glob("[dipst]*_*.*")):
        yield Moment((sample(path.name),), source=path.name)
    for note in json.loads((media() / "texts.json").read_text(encoding="utf-8")):
        yield Moment(text=note, source="texts.json")
