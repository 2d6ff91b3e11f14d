"""Recordings of the app Sensor Logger: a table for each sensor, pictures and sound."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sensorium.percepts.limits import Limits
from sensorium.percepts.motion.choice import Choice
from sensorium.sources.folders.fixes import Fixes
from sensorium.sources.folders.layout import Contents, Part, inside
from sensorium.sources.folders.lists import beginning, count_of, named_by_time
from sensorium.sources.folders.motion import Motion
from sensorium.sources.folders.pictures import Pictures
from sensorium.sources.folders.sensor_tables import by_device, sensors_of, unused
from sensorium.sources.folders.sounds import Sound
from sensorium.sources.stamps import NANOSECONDS

METADATA, CAMERA, LOCATION = "Metadata.csv", "Camera", "Location.csv"
RECORDED = "recording "  # what words for its time begin with, in every version of the app
START, STANDARD, PLATFORM = "recording epoch time", "standardisation", "platform"
SOUNDS = ("Microphone.mp4", "Microphone.m4a", "Microphone.wav", "Microphone.caf", "Microphone.aac")
UNITS: dict[str, str | float] = {"accel": "m/s^2", "gyro": "rad/s"}
MILLISECOND = 1_000_000  # nanoseconds


class SensorLoggerFolder:
    """A recording of Sensor Logger as its export in CSV makes it.

    Tables have `time` in nanoseconds since 1970, `seconds_elapsed`, and `z y x`, in m/s^2 and
    rad/s; only on iOS without the app's standardisation the acceleration is in g. `Accelerometer`
    is without gravity, `Gravity` apart, `TotalAcceleration` both. Pictures in `Camera` are named by
    milliseconds since 1970; `Location` has the fixes of GPS. Source: the app's documentation of its
    recordings and units.
    """

    name = "sensor-logger"
    title = "Sensor Logger"

    def matches(self, path: Path) -> bool:
        """Return whether there is the app's description of the recording."""
        told = _metadata(path)
        return any(name.startswith(RECORDED) for name in told) and PLATFORM in told

    def contents(self, path: Path, limits: Limits, choice: Choice) -> Contents:
        """Return the parts: `"imu"`, `"camera"` and `"sound"`, of those that are there."""
        told = _metadata(path)
        tables = by_device(sensors_of(path, limits, choice))
        found = Fixes(path / LOCATION, NANOSECONDS)
        fixes = found if found.is_there else None
        walks = [Motion(name, group, _units(told), path, fixes) for name, group in tables.items()]
        parts: list[Part] = [*walks]
        used = [path / METADATA, *([fixes.path] if fixes else [])]
        camera = path / CAMERA
        if camera.is_dir() and next(named_by_time(inside(path, camera)), None) is not None:
            entries = partial(named_by_time, camera)
            clock = "the name of the picture"
            count = partial(count_of, entries)
            parts.append(Pictures("camera", entries, count, clock=clock, poses=fixes))
            used.append(camera)
        began = told.get(START, "")
        start = int(began) * MILLISECOND if began.isdigit() else None
        for sound in [path / name for name in SOUNDS if (path / name).is_file()][:1]:
            parts.append(Sound("sound", inside(path, sound), start, f"{START} of {METADATA}"))
            used.append(sound)
        return Contents(parts, unused(path, walks, *used))


def _metadata(folder: Path) -> Mapping[str, str]:
    """Return what the app says of a recording, by small letters; nothing, if there is none."""
    lines = beginning(folder / METADATA).splitlines()
    row = next(csv.DictReader(lines), None) or {}
    return {str(name).strip().lower(): str(value or "").strip() for name, value in row.items()}


def _units(told: Mapping[str, str]) -> dict[str, str | float]:
    """Return the units of the tables; of iOS without standardisation, only the gyroscope's."""
    if told[PLATFORM].lower() == "ios" and told.get(STANDARD, "").lower() != "true":
        return {"gyro": "rad/s"}
    return UNITS
