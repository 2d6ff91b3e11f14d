"""Videos as phones, cameras, browsers and screen recorders write them."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
import numpy as np

from tests.support.odd_files.odd import Odd, beside, failed, local, read, skipped, utc

RATE, SECONDS = 10, 2  # frames a second, and how long
SOUND = 48_000  # Hz
IDENTIFIER = "com.apple.quicktime.content.identifier"
TURN = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)  # clockwise, in MPEG-4
MATRIX = 44  # bytes from the name of a track's header to its matrix
THERE = (48.8577, 2.2950)
POSITION = "+48.8577+002.2950/"


def film(
    container: str,
    codec: str = "libx264",
    *,
    number: int = 0,
    sound: str | None = None,
    identifier: str = "",
    pictures: bool = True,
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """Two seconds of a bar that goes through the picture, with a tone of its own or without."""
    stream = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if container in ("mov", "mp4") else {}
    with av.open(stream, "w", format=container, options=options) as output:
        if identifier:
            output.metadata[IDENTIFIER] = identifier
        output.metadata.update(tags or {})
        moving = _moving(output, codec) if pictures else None
        heard = output.add_stream(sound, rate=SOUND, layout="mono") if sound else None
        if moving is not None:
            _show(output, moving, number)
        if heard is not None:
            _sing(output, heard, number)
    return stream.getvalue()


def _moving(output: Any, codec: str) -> Any:
    track = output.add_stream(codec, rate=25 if codec in ("mpeg1video", "mpeg2video") else RATE)
    track.width, track.height, track.pix_fmt = (176, 144, "yuv420p")
    if codec == "mjpeg":
        track.pix_fmt = "yuvj420p"
    return track


def _show(output: Any, track: Any, number: int) -> None:
    rate = int(track.codec_context.framerate)
    for index in range(SECONDS * rate):
        pixels = np.full((144, 176, 3), 40 + number % 100, np.uint8)
        left = 160 * index // (SECONDS * rate)
        pixels[:, left : left + 16] = (250, 20 * (number % 10), 60)
        frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, rate)
        output.mux(track.encode(frame))
    output.mux(track.encode(None))


def _sing(output: Any, track: Any, number: int) -> None:
    times = np.arange(SECONDS * SOUND) / SOUND
    wave = 0.4 * np.sin(2 * np.pi * (300 + 40 * number) * times)
    fitting = av.AudioResampler(format=track.format, layout="mono", rate=SOUND)
    frame: Any = av.AudioFrame.from_ndarray(
        np.rint(wave * 32767).astype(np.int16)[None], format="s16", layout="mono"
    )
    frame.sample_rate, frame.pts = SOUND, 0
    for each in [*fitting.resample(frame), *fitting.resample(None)]:
        output.mux(track.encode(each))
    output.mux(track.encode(None))


def turned(content: bytes) -> bytes:
    """The same film, said to be shown a quarter clockwise."""
    place = content.index(b"tkhd") + MATRIX
    return content[:place] + TURN + content[place + len(TURN) :]


def half_empty(content: bytes) -> bytes:
    """The same film whose second half never arrived, as some downloads leave it."""
    start = content.index(b"mdat")
    middle = (start + len(content)) // 2
    end = content.index(b"moov") if content.index(b"moov") > start else len(content)
    return content[:middle] + bytes(end - 4 - middle) + content[end - 4 :]


APPLE = {
    "com.apple.quicktime.creationdate": "2022-08-09T12:11:12+0200",
    "com.apple.quicktime.location.ISO6709": POSITION,
}
BOTH = ("audio", "video")  # modalities of a video with sound
CREATED = {"creation_time": "2022-08-09T10:11:12.000000Z"}
PHONE: dict[str, Any] = {"at": utc(2022, 8, 9, 10, 11, 12), "by": "creation_time"}


def files() -> list[Odd]:
    return [
        read(
            "videos/VID_0001.mp4",
            film("mp4", sound="aac", number=1, tags={**CREATED, "location": POSITION}),
            *BOTH,
            **PHONE,
            place=THERE,
        ),
        read(
            "videos/IMG_0200.MOV",
            film(
                "mov",
                number=2,
                sound="aac",
                tags=APPLE,
            ),
            *BOTH,
            **PHONE,
            place=THERE,
        ),
        read("videos/turned.mp4", turned(film("mp4", number=3)), "video"),
        read("videos/silent.mkv", film("matroska", number=4), "video"),
        read("videos/screen.webm", film("webm", "libvpx", number=5, sound="libopus"), *BOTH),
        read("videos/camcorder.mts", film("mpegts", number=6, sound="aac"), *BOTH),
        read("videos/camera.avi", film("avi", "mjpeg", number=7), "video"),
        read("videos/old phone.3gp", film("3gp", "mpeg4", number=8), "video"),
        read("videos/television.mpg", film("mpeg", "mpeg1video", number=9), "video"),
        read("videos/windows.wmv", film("asf", "wmv2", number=10), "video"),
        read("videos/flash.flv", film("flv", "flv1", number=11), "video"),
        read(
            "videos/voice.webm", film("webm", sound="libopus", pictures=False, number=12), "audio"
        ),
        read("videos/voice.mp4", film("mp4", sound="aac", pictures=False, number=13), "audio"),
        read(
            "videos/VID-20230408-WA0003.mp4",
            film("mp4", number=14),
            "video",
            at=local(2023, 4, 8),
            by="date in the file name",
        ),
        read("videos/without suffix", film("mp4", number=15), "video"),
        failed(
            "videos/half empty.mp4",
            half_empty(film("mp4", number=16, sound="aac")),
            "MediaDecodeError",
        ),
        failed("videos/half.mp4", film("mp4", number=17)[:2000], "MediaDecodeError"),
        failed("videos/empty.mp4", b"", "EmptyPerceptError"),
        skipped("videos/loading.mp4.part", film("mp4", number=18), "unknown kind"),
        skipped("videos/playlist.m3u8", b"#EXTM3U\n", "unknown kind"),
        read("videos/harbour.mp4", film("mp4", number=19, sound="aac"), "audio", "text", "video"),
        beside(
            "videos/harbour.srt",
            b"1\n00:00:00,500 --> 00:00:01,500\nThe ferry leaves at nine.\n",
            "harbour.mp4",
        ),
        read(
            "videos/alone.vtt",
            b"WEBVTT\n\n00:01.000 --> 00:03.000\nNobody came to the market.\n",
            "text",
            words="Nobody came to the market",
        ),
    ]
