"""The plan of a digest: all old frames, how telling they are, and which of them stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain
from math import ceil
from typing import Any

import numpy as np

from sensorium.encoders import check_cancelled
from sensorium.errors import QueryError
from sensorium.memory.calibrating.calibration import Calibration
from sensorium.memory.digesting.frames import Frames
from sensorium.memory.digesting.novelty import SIDE, Rows, tell
from sensorium.memory.digesting.weighing import SALIENCE, Weighed, on_disk
from sensorium.memory.digesting.wish import Wish
from sensorium.memory.episodes.detection import Detector, Observation
from sensorium.memory.episodes.observing import Centring, read_pages
from sensorium.memory.episodes.seen import SeenRecords
from sensorium.memory.receipts import DigestSpan
from sensorium.memory.shelf import Setup
from sensorium.qdrant import Filter
from sensorium.qdrant.points import StoredPoint

TOGETHER = 4096  # frames whose vectors are held at a time: those of a day, or as many of it
MONTH = "%Y-%m"


@dataclass(slots=True)
class Frame:
    """An old frame of a stream or a recording, without its vectors.

    Attributes:
        id: Id of its point.
        at: Time of the record, seconds since 1970.
        end: When it ended.
        salience: How telling it is.
        earlier: Whether an earlier digest has kept it.
        telling: Whether it is typical of its episode, or novel.
        bytes: What it takes in the store, about.
        files: Names of its files.
        stays: Whether it is to stay.
        is_spared: Whether it became something else while the digest was at work.
    """

    id: str
    at: float
    end: float
    salience: float
    earlier: bool
    telling: bool
    bytes: int
    files: tuple[str, ...]
    stays: bool = True
    is_spared: bool = False


@dataclass
class Plan:
    """What a digest is about to do.

    Attributes:
        weighed: What all records take.
        frames: All old frames, in order of time.
        others: Why the other old records stay, and how many.
    """

    weighed: Weighed
    frames: list[Frame] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(
        cls, setup: Setup, old: Filter, chosen: Filter, frames: Frames, calibration: Calibration
    ) -> Plan:
        """Read what is old, a day at a time.

        Args:
            setup: The place and the encoder.
            old: Lets all old records through that the call is about.
            chosen: Lets those of them through that may be frames.
            frames: Tells which of them are.
            calibration: Knows how unlike unrelated frames are.
        """
        plan = cls(frames.weighed)
        centring = Centring.of(setup.encoder.background, setup.backend, Filter(old.owner))
        scales = {
            name: calibration.unrelated_distance(name) for name in setup.backend.schema.modalities
        }
        looked_at = 0
        before: dict[str, Rows] = {}
        pages = read_pages(setup.backend, chosen, payload=True)
        for day in _days(chain.from_iterable(pages)):
            check_cancelled()
            looked_at += len(day)
            reasons = [frames.reason(point.payload, point.vectors) for point in day]
            plan.others.update(reason for reason in reasons if reason)
            points = [point for point, why in zip(day, reasons, strict=True) if why is None]
            rows = centring.centred(points)
            plan._add(points, rows, scales, before)
        plan.others["origin"] += max(0, setup.backend.count(old) - looked_at)
        plan.others = +plan.others
        return plan

    def _add(
        self,
        points: Sequence[StoredPoint],
        rows: Sequence[Mapping[str, Rows]],
        scales: Mapping[str, float],
        before: dict[str, Rows],
    ) -> None:
        """Add the frames of a day; `before` has the last rows before them, and gets theirs."""
        kept = [SALIENCE in point.payload for point in points]
        seen = SeenRecords()
        places = [seen.add(point) for point in points]
        observed = list(map(Observation, seen.at, rows, places))
        told = tell(rows, _episodes(observed), kept, scales, before)
        for index, point in enumerate(points):
            self.frames.append(
                Frame(
                    id=point.id,
                    at=seen.at[index],
                    end=seen.until[index],
                    salience=float(point.payload.get(SALIENCE, told.salience[index])),
                    earlier=kept[index],
                    telling=bool(told.telling[index]),
                    bytes=self.weighed.record(point.payload),
                    files=tuple(point.payload.get("hashes", ())),
                )
            )
        for name in {name for each in rows for name in each}:
            last = [each[name] for each in rows if name in each][-SIDE:]
            before[name] = np.concatenate([before.get(name, last[0][None][:0]), last])[-SIDE:]

    def choose(self, wish: Wish) -> None:
        """Decide which frames stay.

        Raises:
            QueryError: What stays anyhow takes more than the bound.
        """
        fresh = [frame for frame in self.frames if not frame.earlier]
        for frame in fresh:
            frame.stays = frame.telling
        if wish.share is not None:
            _keep_best(fresh, ceil(wish.share * len(fresh)))
        if wish.count is not None:
            _keep_best(self.frames, wish.count)
        if wish.most_bytes is not None:
            self._fit(wish.most_bytes)

    def _fit(self, most: int) -> None:
        """Let the least telling frames go until what stays takes no more than a bound."""
        named = Counter(self.weighed.named)
        total = self.bytes_left
        for frame in self.frames:
            if not frame.stays:
                named.subtract(frame.files)
        for frame in sorted(self.frames, key=_order):
            if total <= most:
                return
            if frame.stays:
                frame.stays = False
                total -= frame.bytes
                for name in frame.files:
                    named[name] -= 1
                    total -= on_disk(self.weighed.sizes.get(name, 0)) if not named[name] else 0
        if total > most:
            raise QueryError(
                f"most_bytes={most:,}",
                f"at least {total:,}: about what stays anyhow takes, young records among it",
                "raise the bound, or make older_than shorter; nothing was dropped",
            )

    @property
    def going(self) -> list[Frame]:
        """The frames that are to go, in order of time."""
        return [frame for frame in self.frames if not frame.stays]

    @property
    def staying(self) -> dict[str, int]:
        """Why how many old records stay, the most frequent reason first."""
        found = Counter(self.others)
        for frame in self.frames:
            if frame.is_spared:
                found["changed"] += 1
            elif frame.stays:
                found["earlier" if frame.earlier else "telling"] += 1
        return dict(found.most_common())

    @property
    def freed_files(self) -> dict[str, int]:
        """The files that no staying record names, with their bytes."""
        gone = Counter(name for frame in self.going for name in frame.files)
        sizes, named = self.weighed.sizes, self.weighed.named
        return {name: sizes.get(name, 0) for name, n in gone.items() if n >= named[name]}

    @property
    def store_bytes(self) -> int:
        """What the frames that are to go take in the store, about."""
        return sum(frame.bytes for frame in self.going)

    @property
    def bytes_left(self) -> int:
        """What all of the owner's records take without the frames that are to go, about."""
        media = self.weighed.media - sum(map(on_disk, self.freed_files.values()))
        return self.weighed.store - self.store_bytes + media

    @property
    def spans(self) -> tuple[DigestSpan, ...]:
        """The months, UTC, that have old frames."""
        months: dict[str, list[Frame]] = {}
        for frame in self.frames:
            months.setdefault(f"{_time(frame.at):{MONTH}}", []).append(frame)
        return tuple(
            DigestSpan(
                _time(frames[0].at),
                _time(max(frame.end for frame in frames)),
                len(frames),
                sum(frame.stays for frame in frames),
            )
            for frames in months.values()
        )

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of a receipt that follow from the plan."""
        files = self.freed_files
        return {
            "looked_at": len(self.frames) + self.others.total(),
            "frames": len(self.frames),
            "dropped": len(self.going),
            "stayed": self.staying,
            "media_files": len(files),
            "media_bytes": sum(files.values()),
            "store_bytes": self.store_bytes,
            "bytes_left": self.bytes_left,
            "spans": self.spans,
        }


def _keep_best(frames: Sequence[Frame], count: int) -> None:
    """Let the most telling of some frames stay."""
    for number, frame in enumerate(sorted(frames, key=_order, reverse=True)):
        frame.stays = number < count


def _order(frame: Frame) -> tuple[float, float, str]:
    """Sort the least telling first, and of those the oldest."""
    return frame.salience, frame.at, frame.id


def _episodes(frames: Sequence[Observation]) -> list[int]:
    """Return the number of the episode of each frame."""
    detector = Detector()
    for frame in frames:
        detector.add(frame)
    starts = set(detector.starts())
    number, found = -1, []
    for index in range(len(frames)):
        number += index in starts
        found.append(number)
    return found


def _days(points: Iterator[StoredPoint]) -> Iterator[list[StoredPoint]]:
    """Yield the points of each day, UTC; of a long one so many at a time."""
    day: list[StoredPoint] = []
    for point in points:
        date = point.payload["at"][: len("2026-01-01")]
        if day and (len(day) >= TOGETHER or not day[0].payload["at"].startswith(date)):
            yield day
            day = []
        day.append(point)
    if day:
        yield day


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
