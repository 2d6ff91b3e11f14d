"""Files that belong to the record of another: the film of a live photo, subtitles of a video."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from sensorium.errors import SensoriumError
from sensorium.percepts.image import Image
from sensorium.percepts.live_photos import FILMS, is_live_pair
from sensorium.percepts.recognising import modality_of_file
from sensorium.percepts.video import Video
from sensorium.sources.documents.subtitles import SUFFIXES, stretches_in

MARKS = 2  # in names of subtitles behind that of the video: `film.en.forced.srt`


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


def subtitles(paths: Iterable[Path]) -> dict[Path, Path]:
    """Return the files of subtitles among some files, each with its video.

    `film.srt` and `film.en.vtt` are of `film.mp4`. What cannot be read as subtitles is left out.

    Args:
        paths: Paths of files.
    """
    given = list(paths)
    videos = {
        (path.parent, path.stem.casefold()): path
        for path in reversed(given)
        if path.suffix.lower() in Video.suffixes
    }
    found: dict[Path, Path] = {}
    for path in _of(SUFFIXES, given):
        video = next((videos[name] for name in _names(path) if name in videos), None)
        if video is not None and _are_words_of(path, video):
            found[path] = video
    return found


def _names(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the folder and the stem that the video of subtitles may have."""
    stem = Path(path.stem)
    for _ in range(1 + MARKS):
        yield path.parent, stem.name.casefold()
        stem = stem.with_suffix("")


def _are_words_of(path: Path, video: Path) -> bool:
    try:
        return modality_of_file(video) == Video.modality and any(True for _ in stretches_in(path))
    except SensoriumError:
        return False


def _of(suffixes: Collection[str], paths: Iterable[Path]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in suffixes]
