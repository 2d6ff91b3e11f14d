"""Moving pictures from arrays and files."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest

from sensorium import errors
from sensorium.percepts.audio import Audio
from sensorium.percepts.codecs.ffmpeg import open_media
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import percept_from_dict
from sensorium.percepts.source import Encoded, take
from sensorium.percepts.video import Video

FPS = 10  # frames per second of every file here
FRAMES = 20  # so that each lasts 2 s
KINDS = [
    ("mp4", "mpeg4"),
    ("mp4", "libx264"),
    ("matroska", "libx264"),
    ("webm", "libvpx-vp9"),
    ("avi", "mpeg4"),
    ("avi", "libx264"),
    ("mpegts", "libx264"),
    ("gif", "gif"),
]
ONE = 2**16  # 1 in the fixed point of a display matrix
IDENTITY = (ONE, 0, 0, 0, ONE, 0, 0, 0, 2**30)


def level(index: int) -> int:
    """Brightness that tells frame `index` from its neighbours."""
    return 20 + 10 * index


def encoded(
    container: str = "mp4",
    codec: str = "libx264",
    *,
    count: int = FRAMES,
    first: int = 0,
    size: tuple[int, int] = (64, 48),
    half_red: bool = False,
    **options: str,
) -> bytes:
    """Write frames of rising brightness; half red, that is their left half."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container, options=options) as output:
        track: Any = output.add_stream(codec, rate=FPS)
        track.width, track.height = size
        track.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        for index in range(count):
            pixels = np.full((size[1], size[0], 3), level(index), np.uint8)
            if half_red:
                pixels[:, : size[0] // 2] = (200, 0, 0)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = first + index, Fraction(1, FPS)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def shown(video: Video, times: list[float]) -> list[int]:
    """Return which frame was shown at each time, by its brightness."""
    means = [np.asarray(picture).mean() for picture in video.frames(times)]
    return [round((mean - level(0)) / 10) for mean in means]


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_the_frame_on_show_is_the_last_that_has_started(
    container: str, codec: str, tmp_path: Path
) -> None:
    """At k/10 s frame k appears and stays; before and after, the first and last are held."""
    path = tmp_path / "film.bin"
    path.write_bytes(encoded(container, codec))
    video = Video(path)
    times = [-1, 0, 0.05, 0.0999 - 0.002, 0.1, 0.1, 0.3, 0.7, 0.75, 1.0, 1.9, 1.95, 2.0, 50]
    assert shown(video, times) == [0, 0, 0, 0, 1, 1, 3, 7, 7, 10, 19, 19, 19, 19]
    assert video.duration == pytest.approx(2.0, abs=0.01)
    assert (video.fps, video.size, video.has_sound) == (10.0, (64, 48), False)


@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts"])
def test_times_count_from_the_first_frame(container: str) -> None:
    """A recording cut out of a longer one starts at 0 all the same."""
    video = Video(encoded(container, first=53))
    assert shown(video, [0, 0.1, 0.55, 1.9]) == [0, 1, 5, 19]
    assert video.duration == pytest.approx(2.0, abs=0.01)


def test_a_length_that_no_header_states_is_found_by_reading() -> None:
    """A live Matroska recording has none."""
    data = encoded("matroska", live="1")
    with av.open(io.BytesIO(data)) as container:
        assert isinstance(container, av.container.InputContainer)
        assert container.duration is None
    assert Video(data).duration == pytest.approx(2.0, abs=0.01)
    assert shown(Video(data), [0.4, 1.9]) == [4, 19]


def test_rates_that_do_not_divide_a_millisecond_lose_no_frame() -> None:
    """Matroska's rounding of 1/3 s never shows the frame before."""
    stream = io.BytesIO()
    with av.open(stream, "w", format="matroska") as output:
        track: Any = output.add_stream("libx264", rate=30)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for index in range(20):
            pixels = np.full((48, 64, 3), level(index), np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    video = Video(stream.getvalue())
    assert shown(video, [index / 30 for index in range(20)]) == list(range(20))


@pytest.mark.parametrize(
    ("matrix", "red"),
    [
        # The left half is red as stored. The matrix maps (x, y) to (a x + c y, b x + d y), y down.
        (IDENTITY, "left"),
        ((0, ONE, 0, -ONE, 0, 0, 0, 0, 2**30), "top"),  # a phone held upright
        ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, 2**30), "right"),
        ((0, -ONE, 0, ONE, 0, 0, 0, 0, 2**30), "bottom"),
    ],
)
def test_phones_videos_are_turned_upright(matrix: tuple[int, ...], red: str) -> None:
    """A display matrix that turns right to down puts the left half on top."""
    upright, turned = (struct.pack(">9i", *numbers) for numbers in (IDENTITY, matrix))
    film, track, media = encoded(half_red=True, count=3).split(upright)
    video = Video(film + upright + track + turned + media)  # the second is the track's
    (picture,) = video.frames([0])
    pixels = np.asarray(picture).astype(int)
    height, width = pixels.shape[:2]
    halves = {
        "left": pixels[:, : width // 2 - 4],
        "right": pixels[:, width // 2 + 4 :],
        "top": pixels[: height // 2 - 4],
        "bottom": pixels[height // 2 + 4 :],
    }
    redness = {side: (half[..., 0] - half[..., 1]).mean() for side, half in halves.items()}
    assert max(redness, key=lambda side: float(redness[side])) == red
    assert redness[red] > 120
    assert video.size == picture.size == ((64, 48) if red in ("left", "right") else (48, 64))


def test_colours_and_transparency(tmp_path: Path) -> None:
    """Frames are RGB in that order; what is transparent is shown on white."""
    red = PIL.Image.new("RGBA", (32, 32), (255, 0, 0, 255))
    red.paste((0, 0, 0, 0), (0, 0, 16, 32))
    blue = PIL.Image.new("RGBA", (32, 32), (0, 0, 255, 255))
    path = tmp_path / "two.gif"
    red.save(path, save_all=True, append_images=[blue], duration=500, disposal=2)
    first, second = Video(path).frames([0, 0.6])
    assert first.mode == second.mode == "RGB"
    assert first.getpixel((24, 16)) == (255, 0, 0)
    assert first.getpixel((8, 16)) == (255, 255, 255)
    assert second.getpixel((24, 16)) == (0, 0, 255)


def test_arrays() -> None:
    """Frame k is shown from k / fps on; the pixels are the caller's."""
    frames = np.random.default_rng(0).integers(0, 256, (5, 8, 6, 3), dtype=np.uint8)
    video = Video(frames, fps=3)
    assert (video.fps, video.size, video.has_sound) == (3.0, (6, 8), False)
    assert video.duration == pytest.approx(5 / 3)
    pictures = [
        np.asarray(frame) for frame in video.frames([-1, 0, 0.3, 1 / 3, 1.0, 4 / 3, 5 / 3, 9])
    ]
    for picture, index in zip(pictures, [0, 0, 0, 1, 3, 4, 4, 4], strict=True):
        np.testing.assert_array_equal(picture, frames[index])
    assert percept_from_dict(json.loads(json.dumps(video.to_dict()))) == video
    assert video != Video(frames, fps=4)
    assert video == Video(np.asfortranarray(frames), fps=3)
    with pytest.raises(errors.MediaDecodeError, match="no sound track"):
        video.sound()


def test_frames_nobody_asked_for_are_not_kept() -> None:
    """The times are consumed one at a time, and the file is left when the asking ends."""
    asked = []

    def times() -> Iterator[float]:
        for index in range(10**9):
            asked.append(index)
            yield index / FPS

    pictures: Any = Video(encoded()).frames(times())
    for _ in range(3):
        next(pictures)
    pictures.close()
    assert asked == [0, 1, 2]
    assert list(Video(encoded()).frames([])) == []


@pytest.mark.parametrize("times", [[0.5, 0.4], [float("nan")], [0, float("inf")]])
@pytest.mark.parametrize("make", [encoded, lambda: np.zeros((3, 8, 8, 3), np.uint8)])
def test_times_never_run_backwards(make: Any, times: list[float]) -> None:
    """Earlier or unreal times are refused."""
    source = make()
    video = Video(source, fps=None if isinstance(source, bytes) else FPS)
    with pytest.raises(errors.TimeError, match="none before its predecessor"):
        list(video.frames(times))


def picture_bytes(kind: str) -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", (64, 48), "red").save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("error", "message", "arguments"),
    [
        (errors.UnitError, "without fps", {"source": np.zeros((2, 8, 8, 3), np.uint8)}),
        (errors.UnitError, "the file carries its own", {"source": encoded(count=2), "fps": 10}),
        (errors.PerceptValueError, "fps=0", {"source": np.zeros((2, 8, 8, 3), np.uint8), "fps": 0}),
        (errors.PerceptValueError, "fps='3'", {"source": np.zeros((2, 8, 8, 3)), "fps": "3"}),
        (errors.PerceptValueError, "fps=True", {"source": np.zeros((2, 8, 8, 3)), "fps": True}),
        (errors.PerceptShapeError, r"\(0, 2, 3, 1\)", {"source": np.zeros((2, 3, 8, 8)), "fps": 1}),
        (errors.PerceptShapeError, "float64", {"source": np.zeros((2, 8, 8, 3)), "fps": 1}),
        (errors.PerceptShapeError, "T, H, W, 3", {"source": np.zeros((8, 8), np.uint8), "fps": 1}),
        (errors.EmptyPerceptError, "empty", {"source": np.zeros((0, 8, 8, 3)), "fps": 1}),
        (errors.EmptyPerceptError, "length 0", {"source": b""}),
        (errors.MediaDecodeError, "unreadable as video", {"source": b"not a video" * 99}),
        (errors.MediaDecodeError, "no moving picture", {"source": picture_bytes("JPEG")}),
        (errors.MediaDecodeError, "no moving picture", {"source": picture_bytes("PNG")}),
        (errors.SourceNotFoundError, "nothing is", {"source": "/nowhere/a.mp4"}),
        (errors.SourceNotFoundError, "not a file", {"source": Path(__file__).parent}),
        (errors.SourceTypeError, "dict", {"source": {}}),
    ],
)
def test_what_is_refused(error: type[Exception], message: str, arguments: dict[str, Any]) -> None:
    """A mistake is named when the percept is made."""
    with pytest.raises(error, match=message):
        Video(**arguments)


def test_pictures_and_songs_are_refused_by_path_too(tmp_path: Path) -> None:
    """A JPEG's name does not make it a film, nor does the cover of a song."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(picture_bytes("JPEG"))
    with pytest.raises(errors.MediaDecodeError, match="make an Image"):
        Video(path)
    stream = io.BytesIO()
    with av.open(stream, "w", format="wav") as output:
        track: Any = output.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame: Any = av.AudioFrame.from_ndarray(
            np.zeros((1, 99), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        output.mux(track.encode(frame))
    with pytest.raises(errors.MediaDecodeError, match="no moving picture"):
        Video(stream.getvalue())


def with_cover(container: str) -> bytes:
    """Put a JPEG into a song the way its format does: ID3 for mp3, a metadata block for flac."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        codec = "libmp3lame" if container == "mp3" else container
        track: Any = output.add_stream(codec, rate=16_000, layout="mono")
        hum = np.zeros((1, 16_000), np.int16)
        frame: Any = av.AudioFrame.from_ndarray(hum, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    song, cover = stream.getvalue(), picture_bytes("JPEG")
    if container == "mp3":
        body = b"\0image/jpeg\0\x03\0" + cover
        tag = b"APIC" + len(body).to_bytes(4, "big") + b"\0\0" + body
        size = bytes(len(tag) >> shift & 0x7F for shift in (21, 14, 7, 0))
        return b"ID3\x03\0\0" + size + tag + song
    kind = b"image/jpeg"
    body = struct.pack(">II", 3, len(kind)) + kind + struct.pack(">I", 0)
    body += struct.pack(">IIIII", 64, 48, 24, 0, len(cover)) + cover
    rest = 4 + 4 + 34  # behind the mark and the first block
    return song[:rest] + b"\x06" + len(body).to_bytes(3, "big") + body + song[rest:]


@pytest.mark.parametrize("container", ["mp3", "flac"])
def test_a_song_with_a_cover_is_no_film(container: str) -> None:
    """It stays a sound of the same length."""
    song = with_cover(container)
    with av.open(io.BytesIO(song)) as opened_song:
        assert len(opened_song.streams.video) == 1
    with pytest.raises(errors.MediaDecodeError, match="no moving picture"):
        Video(song)
    assert len(Audio(song).mono(16_000)) == pytest.approx(16_000, abs=1200)


def test_the_pixel_limit_is_checked_before_decoding() -> None:
    """For files and arrays."""
    limits = Limits(max_pixels=3000)
    with pytest.raises(errors.TooManyPixelsError, match="64 x 48"):
        Video(encoded(count=2), limits=limits)
    with pytest.raises(errors.TooManyPixelsError, match="60 x 51"):
        Video(np.zeros((2, 51, 60, 3), np.uint8), fps=1, limits=limits)
    assert Video(encoded(count=2), limits=Limits(max_pixels=64 * 48)).size == (64, 48)


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_the_pixel_limit_holds_in_every_container(container: str, codec: str) -> None:
    """Also where FFmpeg, under the same limit, cannot say the size."""
    with pytest.raises(errors.TooManyPixelsError, match="at most 3000"):
        Video(encoded(container, codec, count=2), limits=Limits(max_pixels=3000))


def test_frames_that_grow_are_refused() -> None:
    """Two joined transport streams are one film whose second half is larger."""
    joined = encoded("mpegts") + encoded("mpegts", size=(640, 480))
    video = Video(joined, limits=Limits(max_pixels=64 * 48))
    with pytest.raises(errors.TooManyPixelsError, match="640 x 480"):
        list(video.frames([0, 100]))


def test_ffmpeg_decodes_no_frame_beyond_the_limit_to_look_at_a_file() -> None:
    """It has not even learnt the size."""
    source = take(encoded("gif", "gif", count=2), modality="video", limits=Limits())
    assert isinstance(source, Encoded)
    for pixels, width in ((64 * 48 + 10_000, 64), (1000, 0)):
        with open_media(source, "video", Limits(max_pixels=pixels)) as container:
            assert container.streams.video[0].width == width


@pytest.mark.parametrize(("container", "codec"), KINDS)
def test_truncated_and_damaged_files_raise_our_errors_only(container: str, codec: str) -> None:
    """Cut or with flipped bits, a file is refused or shows frames; nothing of FFmpeg surfaces."""
    whole = encoded(container, codec)
    rng = np.random.default_rng(0)
    damaged = [whole[: int(share * len(whole))] for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99)]
    for _ in range(12):
        flipped = bytearray(whole)
        for index in rng.integers(len(whole), size=8):
            flipped[index] ^= 1 << rng.integers(8)
        damaged.append(bytes(flipped))
    for data in damaged:
        try:
            video = Video(data)
            assert len(shown(video, [0, 1, video.duration])) == 3
        except errors.PerceptError:
            pass


def test_a_truncated_file_says_how_much_is_there() -> None:
    """The header promised two seconds."""
    whole = encoded("webm", "libvpx-vp9")
    with pytest.raises(errors.MediaDecodeError, match=r"truncated: 0\.\d of 2\.0 s"):
        shown(Video(whole[: int(0.6 * len(whole))]), [0, 2])


def test_paths_and_bytes_are_one_video(tmp_path: Path) -> None:
    """The digest is that of the content; the dictionary keeps the path."""
    path = tmp_path / "film.mp4"
    path.write_bytes(encoded(count=3))
    video = Video(path)
    assert video == Video(path.read_bytes()) == Video(io.BytesIO(path.read_bytes()))
    assert percept_from_dict(json.loads(json.dumps(video.to_dict()))) == video
    assert dict(video.units) == {}


def test_frames_of_a_sensor_are_not_pictures(tmp_path: Path) -> None:
    """A track of one channel of 16 bits is depth or heat; grey of 8 bits is a film."""
    frames = np.random.default_rng(0).integers(500, 4000, (4, 48, 64)).astype(np.uint16)
    for form, values in (("gray16le", frames), ("gray", (frames >> 4).astype(np.uint8))):
        path = tmp_path / f"{form}.mkv"
        with av.open(path, "w") as container:
            track = container.add_stream("ffv1", rate=10)
            track.width, track.height, track.pix_fmt = 64, 48, form
            for each in values:
                container.mux(track.encode(av.VideoFrame.from_ndarray(each, form)))
            container.mux(track.encode())
    with pytest.raises(errors.UnitError, match="one channel of 16 bits"):
        Video(tmp_path / "gray16le.mkv")
    assert Video(tmp_path / "gray.mkv").size == (64, 48)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_child_that_another_thread_forks_goes_on(tmp_path: Path) -> None:
    """After this thread has converted frames: nothing of its converter is waited for there."""
    path = tmp_path / "film.mkv"
    with av.open(path, "w") as container:
        track = container.add_stream("ffv1", rate=10)
        track.width, track.height, track.pix_fmt = 640, 480, "yuv420p"
        grey = av.VideoFrame.from_ndarray(np.full((720, 640), 128, np.uint8), "yuv420p")
        container.mux(track.encode(grey))
        container.mux(track.encode())
    code = (
        "import os, sys, threading; from sensorium.percepts import Video;"
        "list(Video(sys.argv[1]).frames([0.0]));"
        "fork = lambda: os.fork() or os._exit(0);"
        "thread = threading.Thread(target=fork); thread.start(); thread.join();"
        "sys.exit(os.waitpid(-1, 0)[1])"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(path)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
