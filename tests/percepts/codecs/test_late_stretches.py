"""What is late in a recording is what was there, without decoding all that comes before it."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from sensorium.errors import PerceptValueError
from sensorium.percepts import Audio, Span, Video
from sensorium.percepts.codecs import soundtrack
from sensorium.percepts.previews import preview

RATE = 16_000  # Hz; of m4a and opus, what their encoders take
SECONDS = 30
FPS = 10  # frames per second
GROUP = 40  # frames from one that stands alone to the next
SOUNDS = {
    "wav": "pcm_s16le",
    "flac": "flac",
    "mp3": "libmp3lame",
    "opus": "libopus",
    "mp4": "aac",
    "matroska": "pcm_s16le",
    "mpegts": "aac",
}
FILMS = [
    ("mp4", "libx264"),
    ("matroska", "libx264"),
    ("webm", "libvpx-vp9"),
    ("avi", "libx264"),
    ("mpegts", "libx264"),
    ("gif", "gif"),
]


def sounding(container: str, seconds: int = SECONDS) -> bytes:
    """Write a tone that rises, so that every stretch sounds different."""
    moments = np.arange(seconds * RATE) / RATE
    wave = 0.5 * np.sin(2 * np.pi * (200 * moments + 20 * moments**2))
    codec = SOUNDS[container]
    kind = "fltp" if codec in ("aac", "libmp3lame") else "s16"
    stream = io.BytesIO()
    with av.open(stream, "w", format="ogg" if container == "opus" else container) as output:
        track: Any = output.add_stream(codec, rate=RATE, layout="mono")
        for start in range(0, len(wave), 4096):
            block = wave[None, start : start + 4096]
            block = block.astype(np.float32) if kind == "fltp" else (block * 32767).astype("<i2")
            frame: Any = av.AudioFrame.from_ndarray(block, format=kind, layout="mono")
            frame.sample_rate, frame.pts = RATE, start
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def moving(container: str, codec: str, seconds: int = SECONDS) -> bytes:
    """Write frames in which a bar stands where the time is."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=FPS)
        track.width, track.height, track.gop_size = 320, 32, GROUP
        track.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for index in range(seconds * FPS):
            pixels = np.zeros((32, 320, 3), np.uint8)
            pixels[:, index : index + 4] = 255
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("container", SOUNDS)
def test_a_late_stretch_of_a_sound_is_that_of_the_whole(container: str) -> None:
    """Sample by sample, wherever it begins, up to the end and beyond it."""
    sound = Audio(sounding(container))
    whole = sound.mono(sound.rate)
    for since in (0.0, 4.9, 5.1, 17.3, 29.4):
        first = round(since * sound.rate)
        rest = np.concatenate(list(sound.blocks(sound.rate, seconds=1.0, since=since)))
        assert abs(len(rest) - len(whole[first:])) <= 1
        np.testing.assert_allclose(rest[:8000], whole[first : first + 8000], atol=2e-3)
    assert list(sound.blocks(sound.rate, since=SECONDS + 60)) == []


def test_samples_begin_where_they_are_asked_to() -> None:
    """What holds for files holds for arrays."""
    samples = np.linspace(-1, 1, 10 * RATE, dtype=np.float32)
    [rest] = Audio(samples, rate=RATE).blocks(RATE, since=7.25)
    np.testing.assert_array_equal(rest, samples[round(7.25 * RATE) :])


@pytest.mark.parametrize("since", [-1.0, float("nan"), float("inf")])
def test_a_beginning_that_is_none_is_refused(since: float) -> None:
    """Before the start, or no number."""
    with pytest.raises(PerceptValueError, match="since"):
        Audio(np.zeros(RATE, np.float32), rate=RATE).blocks(RATE, since=since)


@pytest.mark.slow
@pytest.mark.parametrize(("container", "codec"), FILMS)
def test_a_late_frame_of_a_film_is_that_of_the_whole(container: str, codec: str) -> None:
    """Asked for alone, it is the frame that a reader of all of them sees."""
    film = Video(moving(container, codec))
    times = [4.95, 5.05, 7.95, 8.0, 23.55, 29.95, 99.0]
    every = [np.asarray(picture) for picture in film.frames([0.0, *times])][1:]
    for moment, wanted in zip(times, every, strict=True):
        [alone] = film.frames([moment])
        assert where(np.asarray(alone)) == where(wanted)
    late = [where(np.asarray(picture)) for picture in film.frames(times[3:])]
    assert late == [where(picture) for picture in every[3:]]


def where(picture: Any) -> int:
    """Return where the bar is: the number of the frame."""
    bright = picture[:, :, 1].mean(axis=0) > 128
    return int(np.flatnonzero(bright)[0])


def test_a_preview_from_late_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What matched after three minutes is shown for a small part of the work of decoding them."""
    frames = 0

    def counted(*given: Any) -> Any:
        nonlocal frames
        frames += 1
        return read(*given)

    read = soundtrack._samples
    monkeypatch.setattr(soundtrack, "_samples", counted)
    sound = Audio(sounding("flac", seconds=200))
    sound.mono(sound.rate)
    every, frames = frames, 0
    shown = preview(sound, span=Span(190.0, 191.0))
    assert 0 < frames < every / 20
    assert shown is not None
    assert len(shown.data) == pytest.approx(2 * RATE, rel=0.01)
