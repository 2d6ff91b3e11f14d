"""What is kept of the records that episodes were found in: columns of numbers, and no vectors."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from sensorium.memory.episodes.evidence import Position
from sensorium.memory.layout.payload import place_in
from sensorium.percepts import Place, Pose
from sensorium.qdrant.points import StoredPoint, from_iso
from sensorium.qdrant.schema import PLACE, POSE

EARTH = 6_371_000.0  # metres: mean radius
KEYS = ("at", "until", "created_at", "modalities", PLACE, POSE)  # of a payload that are read
ID = 16  # bytes
NOWHERE, ON_EARTH = 0, 1  # numbers in the place of a frame; frames of robots come after
UNKNOWN = math.nan
Frames = list[str]


class SeenRecords:
    """The records that were looked at, in order of time.

    Attributes:
        at: Seconds since 1970.
        until: Seconds since 1970 at which each ends.
        kinds: Which of `modalities` each has.
        modalities: Sets of modalities of vectors.
        frames: Names of the frames of poses.
        newest: When the last of them was remembered; `None` if there is none.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.at, self.until = array("d"), array("d")
        self.kinds, self._grounds = array("H"), array("H")
        self._numbers = array("d")  # four of each: latitude, longitude, altitude; or x, y, z, yaw
        self._ids = bytearray()
        self.modalities: list[tuple[str, ...]] = []
        self.frames: Frames = []
        self.newest: datetime | None = None

    def __len__(self) -> int:
        return len(self.at)

    def add(self, point: StoredPoint) -> Position | None:
        """Add what is kept of a point; return where it was, in metres."""
        payload = point.payload
        begin = from_iso(payload["at"])
        created = from_iso(payload["created_at"]) if payload.get("created_at") else begin
        if self.newest is None or created > self.newest:
            self.newest = created
        self.at.append(begin.timestamp())
        ends = payload.get("until")
        self.until.append(from_iso(ends).timestamp() if ends else self.at[-1])
        self.kinds.append(_number(self.modalities, tuple(payload["modalities"])))
        self._ids += bytes.fromhex(point.id.replace("-", ""))
        where = _where(payload)
        frame, numbers = where if where is not None else (None, (UNKNOWN,) * 4)
        if where is None:
            self._grounds.append(NOWHERE)
        else:
            named = ON_EARTH if frame is None else ON_EARTH + 1 + _number(self.frames, frame)
            self._grounds.append(named)
        self._numbers.extend(numbers)
        return None if where is None else _position(frame, numbers)

    def forget_from(self, count: int) -> None:
        """Forget all but the first ones."""
        for column in (self.at, self.until, self.kinds, self._grounds):
            del column[count:]
        del self._numbers[4 * count :]
        del self._ids[ID * count :]

    def id(self, index: int) -> str:
        """Return the id of the point of a record."""
        return str(UUID(bytes=bytes(self._ids[ID * index : ID * (index + 1)])))

    def place(self, index: int) -> Place | Pose | None:
        """Return where a record was."""
        ground = self._grounds[index]
        numbers = [None if math.isnan(n) else n for n in self._numbers[4 * index : 4 * index + 4]]
        if ground == NOWHERE:
            return None
        if ground == ON_EARTH:
            latitude, longitude, altitude, _ = numbers
            return place_in({PLACE: {"lat": latitude, "lon": longitude, "altitude": altitude}})
        pose = dict(zip(("x", "y", "z", "yaw"), numbers, strict=True))
        return place_in({POSE: {**pose, "frame": self.frames[ground - ON_EARTH - 1]}})

    def places(self, first: int, after: int) -> Iterator[Place | Pose]:
        """Yield where some records were, of those that say so."""
        for index in range(first, after):
            if self._grounds[index] != NOWHERE and (place := self.place(index)) is not None:
                yield place

    def senses(self, first: int, after: int) -> dict[str, int]:
        """Count the modalities of some records, the most frequent first."""
        counts: Counter[str] = Counter()
        for kind, count in Counter(self.kinds[first:after]).items():
            counts.update(dict.fromkeys(self.modalities[kind], count))
        return dict(counts.most_common())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the columns."""
        return {
            "at": np.array(self.at),
            "until": np.array(self.until),
            "kinds": np.array(self.kinds),
            "grounds": np.array(self._grounds),
            "numbers": np.array(self._numbers),
            "ids": np.frombuffer(bytes(self._ids), np.uint8),
        }

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        modalities: Sequence[Sequence[str]],
        frames: Sequence[str],
        newest: datetime | None,
    ) -> SeenRecords:
        """Take columns as `to_arrays` returned them.

        Raises:
            ValueError: They do not belong together.
        """
        seen = cls()
        for name, column in (
            ("at", seen.at),
            ("until", seen.until),
            ("kinds", seen.kinds),
            ("grounds", seen._grounds),
            ("numbers", seen._numbers),
        ):
            column.frombytes(arrays[name].astype(column.typecode).tobytes())
        seen._ids = bytearray(arrays["ids"].astype(np.uint8).tobytes())
        seen.modalities, seen.newest = [tuple(map(str, names)) for names in modalities], newest
        seen.frames = [str(frame) for frame in frames]
        count = len(seen)
        lengths = (len(seen.until), len(seen.kinds), len(seen._grounds))
        if lengths != (count,) * 3 or (len(seen._ids), len(seen._numbers)) != (
            ID * count,
            4 * count,
        ):
            raise ValueError("columns of several lengths")
        if count and (
            max(seen.kinds) >= len(seen.modalities)
            or max(seen._grounds) > ON_EARTH + len(seen.frames)
            or (np.diff(arrays["at"]) < 0).any()
        ):
            raise ValueError("numbers that name nothing")
        return seen


def _number(known: list[Any], value: object) -> int:
    """Return the number of a value among those that are known; add it if it is new."""
    if value not in known:
        known.append(value)
    return known.index(value)


def _where(payload: Mapping[str, Any]) -> tuple[str | None, tuple[float, ...]] | None:
    """Return the frame, `None` for the Earth, and the numbers of where a payload says that it was.

    They are only looked at, as making a place of each would take as long as all the rest.
    """
    fields, pose = payload.get(PLACE), payload.get(POSE)
    try:
        if pose:
            frame, given = str(pose["frame"]), (pose["x"], pose["y"], pose["z"], pose.get("yaw"))
        elif fields:
            frame, given = None, (fields["lat"], fields["lon"], fields.get("altitude"), None)
        else:
            return None
        numbers = tuple(UNKNOWN if number is None else float(number) for number in given)
    except (LookupError, TypeError, ValueError, AttributeError):
        return None  # not what Sensorium writes there
    return (
        (frame, numbers) if all(map(math.isfinite, numbers[: 2 if frame is None else 3])) else None
    )


def position_of(place: Place | Pose) -> Position:
    """Return the metres of a place on Earth or in a frame."""
    if isinstance(place, Pose):
        return _position(place.frame, (place.x, place.y, place.z))
    return _position(None, (place.latitude, place.longitude))


def _position(frame: str | None, numbers: Sequence[float]) -> Position:
    if frame is not None:
        return f"frame {frame}", (numbers[0], numbers[1], numbers[2])
    latitude, longitude = math.radians(numbers[0]), math.radians(numbers[1])
    around = EARTH * math.cos(latitude)
    return "earth", (
        around * math.cos(longitude),
        around * math.sin(longitude),
        EARTH * math.sin(latitude),
    )
