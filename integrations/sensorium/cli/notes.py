"""What somebody may want to know of files that were remembered: damage, silence, doubts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sensorium.cli.outcome import Taken

LISTED = 5  # files that are named in text
NOTES = {  # by the key of a reading
    "quiet": "very quiet, {} at most",
    "damaged": "damaged: {}",
    "picture": "{}",
    "length": "{}",
    "pauses": "pauses without samples: {}",
    "left_out": "left out: {}",
    "rows without a reading": "{} rows without a reading",
    "missing": "missing: {}",
    "dates": "dates: {}",
}


def notes_of(reading: Mapping[str, Any]) -> list[str]:
    """Return the notes of a reading, those that were made while it was decoded among them."""
    from sensorium.percepts.codecs.riff import LEFT_OPEN

    return [
        words.format(reading[name]).partition("\n")[0]
        for name, words in NOTES.items()
        # Streams are whole without a length
        if reading.get(name) and not str(reading[name]).startswith(LEFT_OPEN)
    ]


def notes_by_file(taken: Iterable[Taken]) -> dict[Path, list[str]]:
    """Return the notes of each file that has some, each once."""
    found: dict[Path, dict[str, None]] = {}
    for each in taken:
        for note in notes_of(each.reading):
            found.setdefault(each.path, {})[note] = None
    return {path: list(notes) for path, notes in found.items()}


def note_lines(notes: Mapping[Path, list[str]]) -> Iterator[str]:
    """Yield a line for each of the first files, and how many others there are."""
    for path, words in list(notes.items())[:LISTED]:
        more = f" (and {len(words) - 1} more of this file)" if len(words) > 1 else ""
        yield f"{path.name}: {words[0]}{more}"
    if len(notes) > LISTED:
        yield f"and {len(notes) - LISTED} more files with such notes: see --json"
