"""Poses of frames over time, as a tree: each frame's pose in its parent."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import NamedTuple

from sensorium.sources.bags.transforms import STILL, Transform, between
from sensorium.sources.stamps import NANOSECONDS

MOST = 1_000_000  # poses that are kept of a frame, whatever the clock says
TRIMMED = 1024  # poses that are dropped at a time


class Found(NamedTuple):
    """A pose at a moment."""

    pose: Transform
    age: int  # nanoseconds to the pose that was measured next to it; 0 for what never moves


class Motion:
    """The poses of one frame in its parent."""

    def __init__(self, parent: str) -> None:
        """Begin without a pose."""
        self.parent = parent
        self._fixed: Transform | None = None
        self._poses: list[tuple[int, Transform]] = []  # sorted by time

    def fix(self, pose: Transform) -> None:
        """Say that the frame never moves."""
        self._fixed = pose

    def add(self, time: int, pose: Transform, keep: int) -> None:
        """Take a pose of a time.

        Args:
            time: Nanoseconds.
            pose: The pose.
            keep: Nanoseconds before `time` beyond which poses may be forgotten.
        """
        last = self._poses[-1][0] if self._poses else -1
        if time > last:
            self._poses.append((time, pose))
        elif time < last:
            insort(self._poses, (time, pose))
        if len(self._poses) > TRIMMED:
            old = bisect_left(self._poses, time - keep, key=_time)
            if old > TRIMMED or len(self._poses) > MOST:
                del self._poses[: max(old, TRIMMED)]

    def reaches(self, time: int) -> bool:
        """Return whether nothing that comes later changes the pose of a time."""
        return self._fixed is not None or (bool(self._poses) and self._poses[-1][0] >= time)

    def at(self, time: int, within: int) -> Found | None:
        """Return the pose at a time: between those before and after it, if they are near enough.

        Args:
            time: Nanoseconds.
            within: Nanoseconds from a measured pose within which it still holds.
        """
        if self._fixed is not None:
            return Found(self._fixed, 0)
        place = bisect_left(self._poses, time, key=_time)
        around = self._poses[max(0, place - 1) : place + 1]
        near = [each for each in around if abs(each[0] - time) <= within]
        if not near:
            return None
        age = min(abs(each[0] - time) for each in near)
        if len(near) == 1 or age == 0:
            return Found(min(near, key=lambda each: abs(each[0] - time))[1], age)
        (before, first), (after, second) = near
        return Found(between(first, second, (time - before) / (after - before)), age)


class Frames:
    """A tree of frames that move."""

    def __init__(self) -> None:
        """Begin without a frame."""
        self.motions: dict[str, Motion] = {}  # by the child

    def motion(self, parent: str, child: str) -> Motion:
        """Return the motion of a frame in its parent, which may be another than before."""
        known = self.motions.get(child)
        if known is None or known.parent != parent:
            known = self.motions[child] = Motion(parent)
        return known

    @property
    def names(self) -> list[str]:
        """Names of all frames, sorted."""
        return sorted({*self.motions, *(each.parent for each in self.motions.values())})

    def way(self, target: str, source: str) -> tuple[list[str], list[str]] | None:
        """Return the frames to go up from each of two to the first one that is above both."""
        ups, downs = self._above(target), self._above(source)
        shared = next((name for name in downs if name in ups), None)
        if shared is None:
            return None
        return ups[: ups.index(shared)], downs[: downs.index(shared)]

    def reaches(self, target: str, source: str, time: int) -> bool:
        """Return whether nothing that comes later changes the pose of a time."""
        way = self.way(target, source)
        return way is not None and all(self.motions[n].reaches(time) for part in way for n in part)

    def at(self, target: str, source: str, time: int, within: int) -> Found | str:
        """Return the pose of `source` in `target` at a time, or in words why there is none."""
        way = self.way(target, source)
        if way is None:
            return f"nothing links {target} and {source}"
        ages = [0]
        sums = []
        for names in way:
            total = STILL
            for name in names:  # from the frame up to the shared one
                found = self.motions[name].at(time, within)
                if found is None:
                    parent = self.motions[name].parent
                    limit = f"within {within / NANOSECONDS:g} s"
                    return f"no pose of {name} in {parent} {limit}"
                total = found.pose.after(total)
                ages.append(found.age)
            sums.append(total)
        up, down = sums
        return Found(up.inverse().after(down), max(ages))

    def _above(self, name: str) -> list[str]:
        names = [name]
        while names[-1] in self.motions and self.motions[names[-1]].parent not in names:
            names.append(self.motions[names[-1]].parent)
        return names


def _time(pose: tuple[int, Transform]) -> int:
    return pose[0]
