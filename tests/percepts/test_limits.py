"""Limits: what would take more memory or time than allowed is refused before it does."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

from sensorium.errors import PerceptShapeError, SourceTooLargeError, TooManyPixelsError
from sensorium.percepts import IMU, Audio, Depth, Image, Limits, Percept, Text, Thermal, Video

SIDE = 20
PIXELS = SIDE * SIDE
RATE = 8000  # Hz
UNITS: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}


def picture(format: str = "PNG", mode: str = "RGB", **options: Any) -> bytes:
    content = io.BytesIO()
    PIL.Image.new(mode, (SIDE, SIDE), 1).save(content, format, **options)
    return content.getvalue()


def sound(format: str, *, seconds: float) -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format=format) as container:
        track = container.add_stream(format, rate=RATE, layout="mono")
        assert isinstance(track, av.AudioStream)
        count = round(seconds * RATE)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, count), np.int16), "s16", "mono")
        frame.sample_rate = RATE
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return content.getvalue()


def film(times: list[int], format: str = "matroska", coding: str = "mjpeg") -> bytes:
    content = io.BytesIO()
    with av.open(content, "w", format=format) as container:
        track = container.add_stream(coding, rate=25, options={"strict": "-1"})
        assert isinstance(track, av.VideoStream)
        track.width, track.height = SIDE, SIDE
        track.pix_fmt = "yuvj420p" if coding == "mjpeg" else "yuv420p"
        for time in times:
            frame = av.VideoFrame.from_ndarray(np.zeros((SIDE, SIDE, 3), np.uint8), "rgb24")
            frame.pts, frame.time_base = round(time * 25), Fraction(1, 25)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return content.getvalue()


def npz(rows: int, dtype: str = "float32") -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, data=np.ones((rows, 6), dtype), rate=50.0)
    return content.getvalue()


MAP = picture(mode="I;16")
MEMORY: dict[str, tuple[Callable[[Limits], Percept], int]] = {  # what a pixel takes
    "a PNG": (lambda limits: Image(picture(), limits=limits), 8),
    "a JPEG": (lambda limits: Image(picture("JPEG"), limits=limits), 8),
    "a progressive JPEG": (
        lambda limits: Image(picture("JPEG", progressive=True), limits=limits),
        16,
    ),
    "transparency": (lambda limits: Image(picture(mode="RGBA"), limits=limits), 16),
    "WebP": (lambda limits: Image(picture("WEBP"), limits=limits), 16),
    "a TIFF of floats": (lambda limits: Image(picture("TIFF", "F"), limits=limits), 16),
    "16-bit grey": (lambda limits: Image(MAP, limits=limits), 8),
    "depth": (lambda limits: Depth(MAP, unit="disparity", limits=limits), 45),
    "heat": (lambda limits: Thermal(MAP, unit="counts", limits=limits), 64),
    "a film": (lambda limits: Video(film([0, 1]), limits=limits), 40),
    "an animation": (lambda limits: Video(picture("GIF", "P"), limits=limits), 40),
}


@pytest.mark.parametrize(("make", "size"), MEMORY.values(), ids=MEMORY)
def test_pixels_are_counted_by_what_they_take(make: Callable[[Limits], Percept], size: int) -> None:
    """The header tells how much memory the pixels will take; one byte too many is refused."""
    make(Limits(max_memory=PIXELS * size))
    with pytest.raises(
        TooManyPixelsError, match=r"about \d+ bytes .*limits=Limits\(max_memory="
    ) as bad:
        make(Limits(max_memory=PIXELS * size - 1))
    assert str(PIXELS * size) in bad.value.came


def test_a_long_sound_is_refused_by_its_header() -> None:
    """A small file may last for days."""
    content = sound("flac", seconds=2.0)
    assert Audio(content, limits=Limits(max_seconds=2.0)).mono(RATE).size == 2 * RATE
    with pytest.raises(SourceTooLargeError, match=r"2 s long .*=Limits\(max_seconds="):
        Audio(content, limits=Limits(max_seconds=1.9))


def test_a_sound_without_a_stated_length_is_refused_while_it_is_decoded() -> None:
    """So that neither an MP3 file nor made-up pauses go on for ever."""
    content = sound("mp3", seconds=2.0)
    endless = Audio(content, limits=Limits(max_seconds=1.0))
    assert endless.duration is None
    with pytest.raises(SourceTooLargeError, match="at most 1 s"):
        for _ in endless.blocks(RATE, seconds=0.1):
            pass


def test_a_whole_sound_needs_memory_that_blocks_do_not() -> None:
    """`mono` is bounded, and points to `blocks`, which read the same samples."""
    samples = np.random.default_rng(1).uniform(-1, 1, 5 * RATE).astype(np.float32)
    allowed = Audio(samples, rate=RATE, limits=Limits(max_memory=4 * samples.size))
    np.testing.assert_array_equal(allowed.mono(RATE), samples)
    long = Audio(samples, rate=RATE, limits=Limits(max_memory=4 * samples.size - 1))
    with pytest.raises(SourceTooLargeError, match=r"pieces with blocks\(\)"):
        long.mono(RATE)
    blocks = list(long.blocks(RATE, seconds=1.0))
    np.testing.assert_array_equal(np.concatenate(blocks), samples)


def test_a_long_film_is_refused() -> None:
    """By its header, or as soon as its frames say how long it is."""
    with pytest.raises(SourceTooLargeError, match="at most 60 s"):
        Video(film([0, 1000]), limits=Limits(max_seconds=60.0))
    unstated = Video(
        film([*range(0, 1000, 10)], "mpegts", "mpeg2video"), limits=Limits(max_seconds=2000.0)
    )
    assert unstated.duration > 900
    object.__setattr__(unstated, "limits", Limits(max_seconds=60.0))
    with pytest.raises(SourceTooLargeError, match="at most 60 s"):
        list(unstated.frames([0.0, 900.0]))


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_motion_is_counted_in_samples(dtype: str) -> None:
    """Zeros compress to nothing, and bytes become four times as much as floats."""
    IMU(npz(1000), **UNITS, limits=Limits(max_memory=100_000))
    with pytest.raises(SourceTooLargeError, match=r"1001 samples or more.*split it"):
        IMU(npz(1001, dtype), **UNITS, limits=Limits(max_memory=100_099))


def test_a_single_number_is_no_motion() -> None:
    """The count of samples is asked of an array of any shape."""
    with pytest.raises(PerceptShapeError, match=r"motion of shape \(\)"):
        IMU(np.array(1.0), **UNITS, rate=50)


def test_an_archive_is_refused_before_it_is_unpacked() -> None:
    """Half of the memory is for the file's own arrays."""
    with pytest.raises(SourceTooLargeError, match="unpacks to"):
        IMU(npz(10_000), **UNITS, limits=Limits(max_memory=400_000))


def test_rows_of_text_are_counted_while_they_are_read() -> None:
    """A CSV file does not say how many rows it has."""
    content = b"t,ax,ay,az,gx,gy,gz\n" + b"".join(b"%d,0,0,1,0,0,0\n" % n for n in range(200_000))
    with pytest.raises(SourceTooLargeError, match=r"with 1\d{4} samples or more"):
        IMU(content, **UNITS, limits=Limits(max_memory=100_000))


def test_slow_motion_is_not_resampled_to_more_than_there_is_memory_for() -> None:
    """A recording of a day at 4 Hz is small, and large at a thousand."""
    motion = IMU(npz(1000), **UNITS, limits=Limits(max_memory=1_000_000))
    assert len(motion.segments(50)[0].samples) == 1000
    with pytest.raises(SourceTooLargeError, match="motion at 1000 Hz with 19980 samples"):
        motion.segments(1000)


def test_characters_are_counted() -> None:
    """A text has a limit of its own."""
    limits = Limits(max_characters=10)
    assert Text("ten letter", limits=limits).text == "ten letter"
    with pytest.raises(SourceTooLargeError, match=r"11 characters; .*=Limits\(max_characters="):
        Text("ten letters", limits=limits)


def test_by_default_ten_hours_are_taken() -> None:
    """Limits are for accidents: what is streamed may be as long as a day's recording."""
    limits = Limits()
    limits.check_seconds(36_000.0, "ten hours of sound")
    limits.check_samples(36_000 * 200, 100, "ten hours of motion at 200 Hz", "")
    assert limits.max_memory >= 8192 * 4320 * 40  # a film in 8K
