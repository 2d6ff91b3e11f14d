"""Files that no reader takes: one file, or the files of one motion, as one percept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sensorium.percepts.imu import IMU
from sensorium.percepts.percept import Percept
from sensorium.percepts.recognising import allowed_content, percept_without_reader

GENERAL = ("modality", "mime_type", "at", "limits")  # options that are not units
WITH = "with_"  # the option that names the other files of a motion


def read_single(
    path: Path, options: Mapping[str, Any], *, roots: Sequence[Path] | None = None
) -> Iterator[Percept]:
    """Yield the one percept of a file, as `percept_from_media` makes it, with its `reading`.

    Args:
        path: Absolute path of the file.
        options: Those of `percept_from_media`, the units, and `with_`: the other files of a motion,
            whose paths are relative to the folder of the file.
        roots: Directories that every path must lie in.
    Raises:
        PerceptError: `percept_from_media` refuses the file.
    """
    general = {name: options[name] for name in GENERAL if options.get(name) is not None}
    units = {name: each for name, each in options.items() if name not in (*GENERAL, WITH)}
    content: Any = path
    others = companions(path, options)
    if others:
        general.setdefault("modality", IMU.modality)
        content = [path, *others]
    if roots is not None:
        content = allowed_content(content, roots)
    percept = percept_without_reader(content, units=units, uri=path.as_uri(), **general)
    reading = {"modality": percept.modality, **percept.units, **percept.reading}
    return iter([percept.with_reading(reading)])


def companions(path: Path, options: Mapping[str, Any]) -> list[Path]:
    """Return the paths of the files that options say belong to a file."""
    given = options.get(WITH) or ()
    others = [given] if isinstance(given, (str, os.PathLike)) else given
    return [path.parent / each for each in others]
