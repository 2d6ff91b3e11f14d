"""The sound of a video: which track it is, and when it is heard."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest
from tests.support.films import film as recorded
from tests.support.sounds import tone

from sensorium import errors
from sensorium.percepts.audio import Audio
from sensorium.percepts.video import Video

FPS = 10  # pictures per second


def film(container: str, codec: str, rate: int, *, heard: Any, first: int = 0) -> bytes:
    """Write 8 s with a click at 5 s, sound only in the spans `heard`, pictures from `first` on."""
    samples = np.zeros(8 * rate, np.int16)
    samples[5 * rate : 5 * rate + 20] = 20_000
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream("libvpx-vp9" if container == "webm" else "libx264", rate=FPS)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        sound: Any = output.add_stream(codec, rate=rate, layout="mono")
        for index in range(first, 8 * FPS):
            frame: Any = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
        for start, end in heard:
            for at in range(int(start * rate), int(end * rate), 1000):
                block = samples[None, at : at + 1000]
                frame = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                output.mux(sound.encode(frame))
        output.mux(sound.encode(None))
    return stream.getvalue()


def animation() -> bytes:
    """Write a picture that moves."""
    stream = io.BytesIO()
    dark, light = (PIL.Image.new("L", (8, 8), level) for level in (0, 200))
    dark.save(stream, "GIF", save_all=True, append_images=[light], duration=100)
    return stream.getvalue()


def test_sound_is_the_track_of_the_same_file(tmp_path: Path) -> None:
    """With its time and origin."""
    path = tmp_path / "film.mp4"
    path.write_bytes(recorded(tone(300, 2.0), seconds=2.0))
    start = datetime(2024, 5, 1, tzinfo=timezone.utc)
    video = Video(path, at=start, uri="camera:1")
    sound = video.sound()
    assert sound.at == start
    assert video.has_sound
    assert isinstance(sound, Audio)
    assert (sound.rate, sound.uri, sound.source) == (16_000, "camera:1", video.source)
    assert len(sound.mono(16_000)) == pytest.approx(32_000, abs=2048)
    silent = Video(recorded(seconds=1.0))
    assert not silent.has_sound
    with pytest.raises(errors.MediaDecodeError, match="no sound track"):
        silent.sound()


@pytest.mark.parametrize("heard", [[(3, 8)], [(0, 1), (4, 8)]], ids=["late", "paused"])
@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("mp4", "aac", 16_000),
        ("matroska", "flac", 16_000),
        ("webm", "libopus", 48_000),
        ("mpegts", "aac", 16_000),
    ],
)
def test_sound_keeps_the_time_of_the_film(
    container: str, codec: str, rate: int, heard: Any
) -> None:
    """A click at 5 s is heard at 5 s, though the track starts late or pauses."""
    sound = Video(film(container, codec, rate, heard=heard)).sound()
    wave = sound.mono(16_000)
    assert np.abs(wave).argmax() / 16_000 == pytest.approx(5, abs=0.05)
    assert len(wave) / 16_000 == pytest.approx(8, abs=0.1)
    assert sound.duration == pytest.approx(8, abs=0.1)


def test_sound_before_the_first_picture_is_left_out() -> None:
    """The film's time zero is its first picture: a click 2 s later is heard at 2 s."""
    sound = Video(film("matroska", "flac", 16_000, heard=[(0, 8)], first=30)).sound()
    wave = sound.mono(16_000)
    assert np.abs(wave).argmax() / 16_000 == pytest.approx(2, abs=0.002)
    assert len(wave) / 16_000 == sound.duration == pytest.approx(5, abs=0.002)


def test_a_video_is_heard_by_one_of_its_tracks() -> None:
    """The one it was made with, else the default one; its content is the same."""
    content = recorded(tone(300, 1.0), tone(900, 1.0), seconds=1.0, default=(1,))
    video, first = Video(content), Video(content, track=0)
    assert (video.tracks, video.track, first.track) == (2, 1, 0)
    assert (video.sound().track, first.sound().track, first.sound(track=1).track) == (1, 0, 1)
    assert video.digest == first.digest
    silent = Video(recorded(seconds=1.0))
    assert (silent.tracks, silent.track) == (0, None)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: Video(recorded(tone(300, 1.0)), track=1), "PerceptValueError", "which has 1"),
        (lambda: Video(recorded(seconds=1.0), track=0), "UnitError", "leave track out"),
        (lambda: Video(animation(), track=0), "UnitError", "leave track out"),
        (lambda: Video(np.zeros((2, 8, 8, 3), np.uint8), fps=2, track=0), "UnitError", "no sound"),
    ],
    ids=["too high", "no sound", "animation", "frames"],
)
def test_tracks_that_are_not_there_are_refused(make: Any, error: str, words: str) -> None:
    with pytest.raises(getattr(errors, error), match=words):
        make()
