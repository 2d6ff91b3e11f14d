"""What is in a recording: its topics or parts, how many percepts, from when to when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sensorium.cli.recordings import TOPICS, Topics, read_recording
from sensorium.cli.taken import TakenFile, understood
from sensorium.cli.terminal import counting, describe, error_text
from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    from sensorium.percepts import Percept
    from sensorium.sources.finding import FoundFile

NAMES = ("topic", "part")  # of a reading: which of these its reader says


@dataclass
class Part:
    """One topic of a recording, or another part of it.

    Attributes:
        modality: Modality of its percepts.
        taken: What its first percept was taken from.
        file: The number of percepts, and their times.
        seconds: How long they last together; 0 for pictures.
    """

    modality: str
    taken: Mapping[str, Any]
    file: TakenFile = field(default_factory=TakenFile)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of it, JSON-ready."""
        first, last = self.file.first, self.file.last
        return {
            "modality": self.modality,
            "count": sum(self.file.counts.values()),
            "first": first and first.isoformat(),
            "last": last and last.isoformat(),
            **({"seconds": round(self.seconds, 3)} if self.seconds else {}),
            "taken": dict(self.taken),
        }


def look_through(found: FoundFile, options: Mapping[str, Any], topics: Topics) -> dict[str, Any]:
    """Read a recording from its start to its end, and return what is in it, by part.

    Args:
        found: The file, or the folder.
        options: Options of its reader.
        topics: The topics to read; by default all.
    """
    failed: dict[str, Any] = {}  # how many parts, and the error of the first
    parts: dict[str, Part] = {}
    chosen = {**options, TOPICS: topics} if topics and found.takes(TOPICS) else options
    error: SensoriumError | None = None

    def note(failure: SensoriumError) -> None:
        failed["count"] = failed.get("count", 0) + 1
        failed.setdefault("first", error_text(describe(failure)))

    with counting("looking", as_json=False) as progress:
        try:
            for percept in read_recording(found, chosen, note, progress):
                _count(parts, percept)
        except SensoriumError as raised:  # what came before is whole
            error = raised
    seen: dict[str, Any] = {"parts": {name: part.to_dict() for name, part in parts.items()}}
    seen |= {"failed": failed} if failed else {}
    return {**seen, **({"error": error_text(describe(error))} if error else {})}


def _count(parts: dict[str, Part], percept: Percept) -> None:
    """Count a percept as one of its part."""
    named = (str(percept.reading[each]) for each in NAMES if each in percept.reading)
    name = next(named, percept.modality)
    if name in parts and parts[name].modality != percept.modality:
        name = f"{name}, {percept.modality}"
    part = parts.setdefault(name, Part(percept.modality, understood(percept)))
    part.file.add(percept)
    part.seconds += percept.duration or 0.0


def part_lines(parts: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the name of each part, and what is known of it in words."""
    for name, part in parts.items():
        times = " to ".join(dict.fromkeys(part[end] for end in ("first", "last") if part[end]))
        lasting = f", {part['seconds']} s" if "seconds" in part else ""
        taken = "".join(f"; {key} {each}" for key, each in part["taken"].items())
        yield name, f"{part['count']} {part['modality']}{lasting}, {times or 'no times'}{taken}"
