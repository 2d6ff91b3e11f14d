"""One small valid file of every format that there is a writer for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av
import numpy as np
import PIL.Image

from sensorium.samples import FOLDER

LARGEST = 70_000  # bytes of a sample
RATE = 16_000  # Hz
PICTURES = (
    *("jpeg", "png", "gif", "bmp", "webp", "tiff", "avif", "ppm", "tga", "ico", "jpeg2000", "pcx"),
    *("dds", "sgi", "icns", "mpo", "im"),
)
SOUNDS = {
    "wav": ("wav", "pcm_s16le"),
    "float.wav": ("wav", "pcm_f32le"),
    "flac": ("flac", "flac"),
    "mp3": ("mp3", "mp3"),
    "m4a": ("mp4", "aac"),
    "ogg": ("ogg", "libvorbis"),
    "opus": ("ogg", "libopus"),
    "mka": ("matroska", "flac"),
    "aiff": ("aiff", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
}
VIDEOS = {
    "mp4": ("mp4", "mpeg4"),
    "h264": ("mp4", "libx264"),
    "avi": ("avi", "mpeg4"),
    "mkv": ("matroska", "mpeg4"),
    "webm": ("webm", "libvpx"),
    "mpg": ("mpeg", "mpeg1video"),
    "flv": ("flv", "flv"),
    "mov": ("mov", "mjpeg"),
}


def valid_files() -> dict[str, tuple[str, bytes]]:
    """The usual modality and the content of each file, by a name."""
    noise = np.random.default_rng(0)
    return {
        f"{modality} {name}": (modality, content)
        for modality, files in (
            ("image", _pictures(noise)),
            ("depth", _maps(noise)),
            ("thermal", _temperatures(noise)),
            ("audio", _sounds()),
            ("video", _videos(noise)),
            ("imu", _motions(noise)),
            ("text", iter([("txt", "Grüße, a text. ".encode() * 5)])),
        )
        for name, content in [*files, *_samples(modality)]
    }


def _samples(modality: str) -> Iterator[tuple[str, bytes]]:
    names = {"image": "photo", "audio": "sound"}.get(modality, modality)
    for path in sorted(FOLDER.glob(f"{names}_*")):
        if path.suffix not in (".md", ".json") and path.stat().st_size < LARGEST:
            yield path.name, path.read_bytes()


def _saved(picture: PIL.Image.Image, form: str, **options: Any) -> Iterator[tuple[str, bytes]]:
    content = io.BytesIO()
    with suppress(KeyError, OSError, ValueError, AttributeError):  # a build may lack the writer
        picture.save(content, form, **options)
        yield form, content.getvalue()


def _pictures(noise: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    rgb = PIL.Image.fromarray(noise.integers(0, 255, (24, 32, 3), np.uint8))
    grey = PIL.Image.fromarray(noise.integers(0, 255, (24, 32), np.uint8))
    for form in PICTURES:
        yield from _saved(rgb, form)
    for compression in ("tiff_lzw", "jpeg"):
        for name, content in _saved(rgb, "tiff", compression=compression):
            yield f"{name} {compression}", content
    fields = PIL.Image.Exif()
    fields[274], fields[306] = 6, "2026:01:01 10:00:00"  # orientation, time
    for name, content in [*_saved(grey, "png"), *_saved(rgb, "jpeg", exif=fields.tobytes())]:
        yield f"{name} again", content


def _maps(noise: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    deep = PIL.Image.fromarray(noise.integers(300, 5000, (24, 32)).astype(np.uint16))
    for form in ("png", "tiff", "ppm"):
        yield from _saved(deep, form)


def _temperatures(noise: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    kelvins = PIL.Image.fromarray(noise.uniform(280, 310, (24, 32)).astype(np.float32))
    yield from _saved(kelvins, "tiff")


def _sounds() -> Iterator[tuple[str, bytes]]:
    wave = (np.sin(np.arange(4000) / 10) * 0.5).astype(np.float32)
    for name, (form, codec) in SOUNDS.items():
        content = io.BytesIO()
        with suppress(av.FFmpegError, ValueError):  # a build of ffmpeg may lack any of them
            with av.open(content, "w", format=form) as box:
                rate = 48_000 if codec == "libopus" else RATE
                stream: Any = box.add_stream(codec, rate=rate, layout="mono")
                frame = av.AudioFrame.from_ndarray(wave[None], format="fltp", layout="mono")
                frame.sample_rate = stream.rate
                size = stream.frame_size or 0
                cut = av.AudioResampler(stream.format, stream.layout, stream.rate, frame_size=size)
                for one in [*cut.resample(frame), None]:
                    box.mux(stream.encode(one))
            yield name, content.getvalue()


def _videos(noise: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    for name, (form, codec) in VIDEOS.items():
        content = io.BytesIO()
        with suppress(av.FFmpegError, ValueError):
            with av.open(content, "w", format=form) as box:
                stream: Any = box.add_stream(codec, rate=25)
                stream.width, stream.height = 64, 48
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                for index in range(10):
                    pixels = noise.integers(0, 255, (48, 64, 3), np.uint8)
                    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                    frame.pts = index
                    box.mux(stream.encode(frame))
                box.mux(stream.encode(None))
            yield name, content.getvalue()


def _motions(noise: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    rows = noise.normal(size=(60, 6))
    lines = [f"{i / 50:.2f},0.1,0.2,9.8,0.01,0.02,0.03" for i in range(60)]
    yield "csv", "\n".join(["t,ax,ay,az,gx,gy,gz", *lines, ""]).encode()
    content = io.BytesIO()
    np.savez(content, data=rows, t=np.arange(60) / 50)
    yield "npz", content.getvalue()
    content = io.BytesIO()
    np.savez_compressed(content, accel=rows[:, :3], gyro=rows[:, 3:], rate=np.array(50))
    yield "compressed.npz", content.getvalue()
    content = io.BytesIO()
    np.save(content, rows)
    yield "npy", content.getvalue()
