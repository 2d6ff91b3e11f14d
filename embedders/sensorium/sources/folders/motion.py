"""Motion of a folder: its sensors on one clock, in stretches of bounded length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium.errors import PerceptShapeError, TimeError, UnitError
from sensorium.percepts.imu import IMU
from sensorium.percepts.motion.merging import HELD
from sensorium.percepts.motion.options import has_gyro, stated
from sensorium.sources.drafts import Draft, failing
from sensorium.sources.folders.fixes import Fixes, FixTrack
from sensorium.sources.folders.layout import Asked
from sensorium.sources.folders.pictures import UNKNOWN
from sensorium.sources.folders.poses import Poses, Track
from sensorium.sources.folders.sampled import Beside, Block, Sampled, Tracks, cut
from sensorium.sources.stamps import NANOSECONDS, moment_of
from sensorium.sources.stretches import ordered

AXES = 3
OPTIONS = frozenset(("accel", "gyro", "rate"))


class _Read(NamedTuple):
    """One reading of a part."""

    tracks: Tracks
    gyro: bool
    asked: Asked
    poses: Track | FixTrack | None


@dataclass
class Motion:
    """The motion of one device.

    Attributes:
        name: Name of the part.
        sources: Its sensors, each kind once.
        units: Units that the layout has where the sources say none: `{"accel": "m/s^2"}`; of
            `"gyro"` it is `"none"` for a layout that has no gyroscope.
        folder: The folder, in messages.
        poses: Where the device was, if the folder tells it.
        modality: Always `"imu"`.
        done: Rows that were looked at so far.
        options: Names of the options that it takes.
    """

    name: str
    sources: Sequence[Sampled]
    units: Mapping[str, str | float]
    folder: Path
    poses: Poses | Fixes | None = None
    modality: str = "imu"
    done: int = 0
    options: frozenset[str] = OPTIONS
    _adds: bool | None = field(default=None, repr=False)  # gravity, once it is known

    def count(self) -> int:
        """Return how many rows of the accelerometer there are, about."""
        return self._tracks()["accel"][0].count()

    def drafts(self, asked: Asked) -> Iterator[Draft]:
        """Yield stretches of motion.

        Raises:
            PerceptShapeError: A sensor is missing, or there twice.
        """
        self.done, self._adds = 0, None
        tracks = self._tracks()
        gyro = has_gyro(asked.options.get("gyro", self.units.get("gyro", "rad/s")))
        if gyro and "gyro" not in tracks:
            raise PerceptShapeError(
                f"the part {self.name!r} of the folder {str(self.folder)!r} with an accelerometer "
                "and no gyroscope",
                "both, in tables of the folder",
                'add the file of the gyroscope, or say gyro="none"',
            )
        read = _Read(tracks, gyro, asked, self.poses.open() if self.poses else None)
        longest = round(min(asked.stretch, 1e9) * NANOSECONDS)
        first, met = 0, False
        for times, samples in cut(self._joined(tracks, gyro=gyro), longest):
            first = first or int(times[0])
            met = met or bool(np.isfinite(samples).all(axis=1).any())
            make = partial(self._make, times, samples, read)
            yield Draft(self.name, int(times[0]), make)
        if self.done and not met:
            yield failing(self.name, first, self._apart())

    def _tracks(self) -> Tracks:
        """Return the source of each sensor with the kind that it has there."""
        found: dict[str, tuple[Sampled, str]] = {}
        for source in self.sources:
            for kind in source.samples:
                if kind in found:
                    twice = [found[kind][0].describe(kind), source.describe(kind)]
                    raise PerceptShapeError(
                        f"the folder {str(self.folder)!r} with two sensors of one kind: "
                        f"{' and '.join(twice)}",
                        "one of them",
                        "move the files of the other one out of the folder",
                    )
                found[kind] = source, kind
        if "accel" not in found and "linear" in found:
            found["accel"] = found["linear"]
        if "accel" not in found:
            raise PerceptShapeError(
                f"the folder {str(self.folder)!r} without an accelerometer",
                "a table of its x y z",
                "leave the part out, or add the file",
            )
        return found

    def _joined(self, tracks: Tracks, *, gyro: bool) -> Iterator[Block]:
        """Yield blocks of the accelerometer with the other sensors beside it, six columns."""
        source, kind = tracks["accel"]
        turn = Beside.of(tracks.get("gyro"), source) if gyro else None
        pull = Beside.of(tracks.get("gravity"), source)
        for times, block in source.blocks():
            self.done += len(times)
            if not len(times):
                continue
            samples = np.zeros((len(times), 2 * AXES))
            samples[:, :AXES] = block[:, source.samples[kind]]
            if pull is not None:
                self._add_gravity(samples[:, :AXES], pull.at(times, block), kind, tracks)
            if turn is not None:
                samples[:, AXES:] = turn.at(times, block)
            yield times, samples

    def _add_gravity(
        self,
        accel: NDArray[np.float64],
        pull: NDArray[np.float64],
        kind: str,
        tracks: Tracks,
    ) -> None:
        """Add gravity where it is told apart, unless the acceleration holds it already."""
        if self._adds is None and np.isfinite(accel * pull).any():
            holds = np.nansum(accel * pull) > HELD * np.nansum(pull * pull)
            self._adds = kind == "linear" or not holds
            units = {tracks[name][0].unit(tracks[name][1]) for name in ("accel", "gravity")}
            if self._adds and len(units - {None}) > 1:
                raise UnitError(
                    f"the folder {str(self.folder)!r}, whose acceleration and gravity are in "
                    f"{' and '.join(sorted(map(str, units)))}",
                    "one unit",
                    "convert one of them",
                )
        if self._adds:
            accel += pull

    def _apart(self) -> TimeError:
        return TimeError(
            f"the folder {str(self.folder)!r}, whose sensors have no time in common",
            "files of one recording, on one clock",
            "move those of another recording out of the folder, or open the files one by one",
        )

    def _make(
        self,
        times: NDArray[np.int64],
        samples: NDArray[np.float64],
        read: _Read,
    ) -> IMU:
        tracks, asked = read.tracks, read.asked
        first, seconds, kept, spread = ordered(times, samples)
        units: dict[str, Any] = {"gyro": "none"}
        said: dict[str, str] = {}
        for name in ("accel", "gyro") if read.gyro else ("accel",):
            source, kind = tracks[name]
            unit = stated(
                name, asked.options.get(name), source.unit(kind), f"the part {self.name!r}"
            )
            units[name] = self.units.get(name) if unit is None else unit
            said[name] = f"{source.describe(kind)} [{_shown(name, units[name])}]"
        if self._adds:
            source, kind = tracks["gravity"]
            said["accel"] += f" + {source.describe(kind)}"
        rate = asked.options.get("rate")
        at = moment_of(first)
        source = tracks["accel"][0]
        reading: dict[str, Any] = {
            "part": self.name,
            "modality": "imu",
            **said,
            "time": source.timed + (", equal ones spread" if spread else ""),
            "at": source.timed if at else UNKNOWN,
            "samples": len(times),
        }
        if rate is not None:
            reading["time"] = f"rate={rate}"
        if len(kept) < len(samples):
            reading["left_out"] = f"{len(samples) - len(kept)} repeated or not finite"
        if read.poses is not None:
            reading |= read.poses.near(first)
        percept = IMU(
            kept,
            rate=rate,
            timestamps=seconds if rate is None else None,
            at=at,
            uri=f"{source.uri}#time={int(times[0])}",
            limits=asked.limits,
            **units,
        )
        return percept.with_reading({**reading, **asked.known})


def _shown(name: str, unit: object) -> str:
    """Return a unit as a reading shows it; a number is what one count is."""
    if isinstance(unit, (int, float)):
        return f"{unit:.6g} {'m/s^2' if name == 'accel' else 'rad/s'} a count"
    return str(unit)
