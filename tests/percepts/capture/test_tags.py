"""Laws of recordings: their tags say when and where they were made, but music does not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.captures import broadcast_wave, film, flac

from sensorium.percepts import Audio, Place, Video
from sensorium.percepts.capture.tags import capture_tags, recording_capture

MORNING = datetime(2018, 9, 15, 10, 20, 30, tzinfo=timezone.utc)


def test_a_film_was_taken_when_it_was_created(tmp_path: Path) -> None:
    """The time of its container is UTC; its sound was recorded then, too."""
    path = film(
        tmp_path / "a.mp4", creation_time="2018-09-15T10:20:30Z", location="+40.6892-074.0445/"
    )
    video = Video(path)
    assert (video.captured, video.captured_by) == (MORNING, "creation_time")
    assert video.place == Place(40.6892, -74.0445)


def test_a_camera_that_knows_its_zone_goes_before(tmp_path: Path) -> None:
    """A film that was cut and saved later was still taken at the time of its own date."""
    path = film(
        tmp_path / "a.mov",
        creation_time="2022-01-01T09:00:00Z",
        com__apple__quicktime__creationdate="2018-09-15T12:20:30+0200",
        com__apple__quicktime__location__ISO6709="+48.8584+002.2945+035.200/",
    )
    video = Video(path)
    assert video.captured == MORNING
    assert video.captured is not None
    assert video.captured.utcoffset() == timedelta(hours=2)
    assert video.place == Place(48.8584, 2.2945, 35.2)


@pytest.mark.parametrize(
    "time", ["1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"]
)
def test_a_clock_that_was_not_set_says_nothing(tmp_path: Path, time: str) -> None:
    """The zeros of QuickTime and of Unix, and the future."""
    assert Video(film(tmp_path / "a.mkv", creation_time=time)).captured is None


def test_several_values_of_a_tag_are_told_by_the_first() -> None:
    """As FFmpeg joins them from version 8.1 on."""
    both = {"creation_time": "2018-09-15T10:20:30.000000Z;2018-09-15T10:20:30Z"}
    track = SimpleNamespace(metadata={})
    tags = capture_tags(SimpleNamespace(metadata=both), track)  # type: ignore[arg-type]
    assert recording_capture(tags).at == MORNING


def test_a_film_older_than_films_says_nothing() -> None:
    """What a time beyond what Matroska can hold becomes."""
    assert recording_capture({"creation_time": "1829-11-23T00:50:52Z"}).at is None


def test_no_fix_is_no_place(tmp_path: Path) -> None:
    """Phones write zeros until their receiver knows better."""
    assert Video(film(tmp_path / "a.mp4", location="+00.0000+000.0000/")).place is None


def test_a_broadcast_wave_says_its_local_time(eastern: None) -> None:
    """Date and time of day stand apart, without a zone."""
    sound = Audio(broadcast_wave("2018-09-15", "06:20:30"))
    assert (sound.captured, sound.captured_by) == (
        MORNING,
        "BWF origination, in this machine's local time",
    )


def test_zeros_of_a_recorder_are_no_time() -> None:
    """A recorder whose clock was not set writes them."""
    assert Audio(broadcast_wave("0000-00-00", "00:00:00")).captured is None


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        ({"DATE": "2018-09-15T12:20:30+02:00"}, MORNING),
        ({"DATE": "2018"}, None),
        ({"DATE": "2018-09-15"}, None),
        ({"DATE": "2018-09-15T00:00:00Z"}, None),  # a day that a program wrote as a time
        ({"DATE": "2018-09-15T12:20:30+02:00", "ALBUM": "Barks"}, None),
        ({"DATE": "2018-09-15T12:20:30+02:00", "TITLE": "A memo"}, MORNING),
    ],
)
def test_the_release_of_music_is_not_when_it_was_recorded(
    comments: dict[str, str], expected: datetime | None
) -> None:
    """Only a full time counts, and not what belongs to an album."""
    assert Audio(flac(**comments)).captured == expected
