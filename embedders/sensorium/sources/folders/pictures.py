"""Pictures and depth maps of a folder, each a percept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sensorium.errors import EmptyPerceptError, SourceNotFoundError
from sensorium.percepts.codecs.pictures import probe
from sensorium.percepts.percept import Percept, make_percept
from sensorium.percepts.source import Encoded, take
from sensorium.sources.drafts import Draft
from sensorium.sources.folders.fixes import Fixes, FixTrack
from sensorium.sources.folders.layout import Asked
from sensorium.sources.folders.lists import Entry
from sensorium.sources.folders.poses import Poses, Track
from sensorium.sources.stamps import NANOSECONDS, moment_of

UNKNOWN = "unknown (the times do not count from 1970)"
Focal = Callable[[tuple[int, int]], "tuple[float, str] | None"]


@dataclass
class Pictures:
    """The pictures of one camera.

    Attributes:
        name: Name of the part.
        entries: Begins to list them, in order of time.
        rows: Returns how many there are.
        modality: `"image"` or `"depth"`.
        units: Units of a depth map, as the layout has them, and words for each.
        focal: Returns the focal length in pixels of a map of some width and height, with words
            that say where it is from; `None` where nothing tells it.
        clock: Where the times are from, in words.
        poses: Where the camera was, if the folder tells it.
        done: Pictures that were looked at so far.
    """

    name: str
    entries: Callable[[], Iterator[Entry]]
    rows: Callable[[], int]
    modality: str = "image"
    units: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    focal: Focal | None = None
    clock: str = "the list of pictures"
    poses: Poses | Fixes | None = None
    done: int = 0

    @property
    def options(self) -> set[str]:
        """Names of the options: units, and how many pictures to take."""
        return {"every", *Percept.modalities[self.modality].needs}

    def count(self) -> int:
        """Return how many pictures there are."""
        return self.rows()

    def drafts(self, asked: Asked) -> Iterator[Draft]:
        """Yield the pictures, of which each is at least `every` seconds after the last.

        Raises:
            EmptyPerceptError: There is no picture.
        """
        self.done = 0
        poses = self.poses.open() if self.poses else None
        following: int | None = None
        for entry in self.entries():
            self.done += 1
            if following is not None and entry.time < following:
                continue
            following = entry.time + round(asked.every * NANOSECONDS)
            yield Draft(self.name, entry.time, partial(self._make, entry, asked, poses))
        if not self.done:
            raise EmptyPerceptError(
                f"the part {self.name!r}, which names no picture",
                "a time and a picture in each line of its list",
                "fetch the whole recording, or leave the part out: parts=[...]",
            )

    def _make(self, entry: Entry, asked: Asked, poses: Track | FixTrack | None) -> Percept:
        if not entry.path.is_file():
            raise SourceNotFoundError(
                f"{entry.where}, which names {entry.path.name!r}, a picture that is not there",
                "all pictures of the recording",
                "fetch the rest of it; or go on without: on_failure=print; or leave the part out: "
                "parts=[...]",
            )
        file = take(entry.path, modality=self.modality, limits=asked.limits)
        assert isinstance(file, Encoded)
        units, said = self._units(file, asked)
        at = moment_of(entry.time)
        percept = make_percept(
            self.modality, file, units, at=at, uri=entry.path.as_uri(), limits=asked.limits
        )
        reading: dict[str, Any] = {"part": self.name, "modality": self.modality, **said}
        reading["at"] = self.clock if at else UNKNOWN
        if asked.every:
            reading["every"] = f"{asked.every:g} s"
        if poses is not None:
            reading |= poses.near(entry.time)
        return percept.with_reading({**reading, **asked.known})

    def _units(self, file: Encoded, asked: Asked) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the units of a picture, and what the reading says of them."""
        needs = Percept.modalities[self.modality].needs
        units = {name: value for name, value in asked.options.items() if name in needs}
        said = {name: str(value) for name, value in units.items()}
        for name, (value, words) in self.units.items():
            if name not in units:
                units[name], said[name] = value, words
        if self.focal is not None and "fx" not in units:
            header = probe(
                file, modality=self.modality, limits=asked.limits, upright=False, exact=True
            )
            found = self.focal((header.width, header.height))
            if found is not None:
                units["fx"], said["fx"] = found
        return units, said
