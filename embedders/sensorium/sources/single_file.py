"""The reader of every file that no other reader takes: one file, one percept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sensorium.percepts.percept import Percept
from sensorium.percepts.recognising import percept_from_media

GENERAL = ("modality", "mime_type", "at", "limits")  # options that are not units


class FileReader:
    """Opens one file as `percept_from_media` does; its options are those, and the units."""

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether there is a file at the path."""
        return path.is_file()

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Return the one percept of the file.

        Raises:
            PerceptError: `percept_from_media` refuses the file.
        """
        general = {name: value for name, value in options.items() if name in GENERAL}
        units = {name: value for name, value in options.items() if name not in GENERAL}
        percept = percept_from_media(path, units=units, uri=path.as_uri(), **general)
        reading = {"modality": percept.modality, **percept.units, **percept.reading}
        return iter([percept.with_reading(reading)])
