"""Files that belong to the record of another: the film of a live photo."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from sensorium.percepts.image import Image
from sensorium.percepts.live_photos import FILMS, is_live_pair


def live_films(paths: Iterable[Path]) -> dict[Path, Path]:
    """Return the films of live photos among some files, each with its photo.

    Args:
        paths: Paths of files; of two photos that fit one film, the first has it.
    """
    by_name: dict[tuple[Path, str], list[Path]] = {}
    for path in paths:
        by_name.setdefault((path.parent, path.stem.casefold()), []).append(path)
    found: dict[Path, Path] = {}
    for same in by_name.values():
        photos = [path for path in same if path.suffix.lower() in Image.suffixes]
        for film in _of(FILMS, same):
            photo = next((each for each in photos if is_live_pair(each, film)), None)
            if photo is not None and photo not in found.values():
                found[film] = photo
    return found


def _of(suffixes: Collection[str], paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in suffixes]
