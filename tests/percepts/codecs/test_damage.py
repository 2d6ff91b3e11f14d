"""What is found while a recording is decoded is said in its `reading`."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from tests.support.sounds import RATE, tone, wav

from sensorium.percepts import Audio, Video


def filmed(container: str, codec: str) -> bytes:
    """2 s of a moving texture, so that every frame has some bytes."""
    rows, columns = np.mgrid[:96, :128]
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=25)
        track.width, track.height, track.pix_fmt = 128, 96, "yuv420p"
        for index in range(50):
            shades = (columns * rows // 9 + 11 * index) % 256
            pixels = np.repeat(shades[..., None], 3, axis=2).astype(np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("container", "codec"), [("mpegts", "libx264"), ("avi", "mpeg4"), ("mpeg", "mpeg2video")]
)
def test_frames_that_are_made_up_are_told(container: str, codec: str) -> None:
    """A hole of zeros tears pictures: how many, and from when on; a whole film says nothing."""
    whole = filmed(container, codec)
    times = np.arange(0, 2, 0.04)
    unharmed = Video(whole)
    assert len(list(unharmed.frames(times))) == len(times)
    assert dict(unharmed.reading) == {}
    middle = len(whole) // 2
    torn = Video(whole[:middle] + bytes(1500) + whole[middle + 1500 :])
    assert len(list(torn.frames(times))) == len(times)
    assert "frame" in torn.reading["damaged"]
    assert "s on" in torn.reading["damaged"]


def test_sound_that_is_not_there_is_told() -> None:
    """Blocks lost on the way are silence; how long is said."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as output:
        track: Any = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for at in [*range(0, RATE, 320), *range(3 * RATE, 4 * RATE, 320)]:
            hum = np.full((1, 320), 8192, np.int16)
            hum[:, ::2] = -8192
            frame: Any = av.AudioFrame.from_ndarray(hum, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            output.mux(track.encode(frame))
    sound = Audio(stream.getvalue())
    assert len(sound.mono(RATE)) == 4 * RATE
    assert sound.reading == {"pauses": "1, 2.0 s in all, kept as silence"}


@pytest.mark.parametrize(
    ("loud", "said"), [(0.5, None), (0.011, None), (0.005, "-46 dBFS"), (0.0, "silence")]
)
def test_a_recording_that_is_hardly_heard_says_so(loud: float, said: str | None) -> None:
    """Below -40 dB of full scale, whatever constant lies under it; known once it was read whole."""
    for offset in (0, 0.02):
        sound = Audio(wav(tone(440, 1, loud) + offset))
        assert dict(sound.reading) == {}
        sound.mono(RATE)
        assert sound.reading.get("quiet") == said
    begun = Audio(wav(tone(440, 3, loud)))
    next(begun.blocks(RATE, seconds=0.1))
    assert dict(begun.reading) == {}


def test_what_was_found_is_no_content() -> None:
    """Two percepts of one file are equal, whichever was read."""
    content = wav(tone(440, 1, 0.001))
    read, unread = Audio(content), Audio(content)
    read.mono(RATE)
    assert read.reading != unread.reading
    assert (read == unread, read.digest == unread.digest) == (True, True)


def test_a_report_that_holds_the_reading_sees_what_is_found_later() -> None:
    """Files are decoded after they were opened; copies of a percept know of it, too."""
    sound = Audio(wav(tone(440, 1, 0.001))).with_reading({"modality": "audio"})
    held = sound.reading
    sound.mono(RATE)
    assert held == {"modality": "audio", "quiet": "-60 dBFS"}
