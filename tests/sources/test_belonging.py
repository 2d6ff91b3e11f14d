"""Files of a folder that belong to the record of another."""

from __future__ import annotations

from pathlib import Path

import PIL.Image
from tests.support.films import BOAT, film
from tests.support.sounds import encoded, tone

from sensorium.percepts import Image, Text, Video
from sensorium.sources import Account, walk


def photo(path: Path, shade: int = 90) -> Path:
    PIL.Image.new("RGB", (32, 24), (shade, 20, 20)).save(path)
    return path


def written(path: Path, content: bytes = BOAT) -> Path:
    path.write_bytes(content)
    return path


def test_a_live_photo_is_one_percept(tmp_path: Path) -> None:
    """Its film comes with it, and is accounted for; other films and photos stay alone."""
    film_ = written(tmp_path / "IMG_1.MOV")
    for name in ("IMG_1.JPG", "IMG_2.JPG"):
        photo(tmp_path / name)
    written(tmp_path / "IMG_3.mov", film(seconds=2))
    written(tmp_path / "long.mp4", film(seconds=8))
    photo(tmp_path / "long.jpg")
    account = Account()
    found = list(walk(tmp_path, account=account))
    assert [percept.modality for percept in found] == ["image", "image", "video", "image", "video"]
    first, second = found[:2]
    assert isinstance(first, Image)
    assert isinstance(second, Image)
    shown = first.film()
    assert shown is not None
    assert (shown.uri, shown.source.name) == (film_.as_uri(), repr(str(film_)))
    assert second.film() is None
    assert account.files == 6
    assert [line.count for line in account.lines if "beside" in line.became] == [1]


def test_of_two_photos_of_one_name_the_first_has_the_film(tmp_path: Path) -> None:
    """A picture beside it, such as an edited copy, has none."""
    written(tmp_path / "IMG_1.MOV")
    photo(tmp_path / "IMG_1.JPG")
    photo(tmp_path / "IMG_1.png", 200)
    films = [percept.film() is not None for percept in walk(tmp_path) if isinstance(percept, Image)]
    assert films == [True, False]


def test_films_alone_are_films(tmp_path: Path) -> None:
    """Where films or pictures alone are asked for, each is what it is."""
    written(tmp_path / "IMG_1.MOV")
    photo(tmp_path / "IMG_1.JPG")
    assert [each.modality for each in walk(tmp_path, modality="video")] == ["video"]
    [alone] = walk(tmp_path, modality="image")
    assert isinstance(alone, Image)
    assert alone.film() is None


SPOKEN = "1\n00:00:01,000 --> 00:00:02,000\nThe ferry leaves at nine.\n"


def test_subtitles_come_with_their_video(tmp_path: Path) -> None:
    """In any language; what is of no video, or of one that has no pictures, stays a document."""
    written(tmp_path / "film.mp4")
    names = ["FILM.srt", "film.de.vtt", "film.en.forced.srt", "alone.srt", "film2.srt"]
    for name in names:
        (tmp_path / name).write_text(SPOKEN)
    (tmp_path / "film.fr.srt").write_text("no times here")
    written(tmp_path / "voice.mp4", encoded("mp4", "aac", tone(300, 1.0)))
    (tmp_path / "voice.srt").write_text(SPOKEN)
    failed: dict[Path, Exception] = {}
    found = list(walk(tmp_path, on_failure=failed.__setitem__))
    [video] = [percept for percept in found if isinstance(percept, Video)]
    assert {path.name for path in video.subtitles} == set(names[:3])
    texts = [percept for percept in found if isinstance(percept, Text)]
    assert [(text.uri or "").rpartition("/")[2] for text in texts] == [
        "alone.srt#t=1,2",
        "film2.srt#t=1,2",
        "voice.mp4#t=1,2",
    ]
    assert [path.name for path in failed] == ["film.fr.srt"]
