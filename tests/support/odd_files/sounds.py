"""Sounds as recorders, messengers, speech engines and editors write them."""

from __future__ import annotations

import io
import struct
import wave
from typing import Any

import av
import numpy as np

from tests.support.captures import broadcast_wave, flac
from tests.support.odd_files.odd import (
    LOCAL,
    Odd,
    copy_of,
    failed,
    local,
    read,
    utc,
)

RATE = 16_000  # Hz
TIMES = np.arange(2 * RATE) / RATE


def tone(number: int, loud: float = 0.4) -> np.ndarray:
    """Two seconds that no other number has."""
    return loud * np.sin(2 * np.pi * (250 + 23 * number) * TIMES)


def wav(*channels: Any, width: int = 2, rate: int = RATE) -> bytes:
    """Channels of floats as PCM of 1, 2 or 3 bytes."""
    values = np.stack(channels, 1)
    if width == 1:
        content = np.rint(values * 127 + 128).astype("u1").tobytes()
    elif width == 2:
        content = np.rint(values * 32767).astype("<i2").tobytes()
    else:
        whole = np.rint(values * (2**23 - 1)).astype("<i4")
        content = whole[..., None].view("u1")[..., :3].tobytes()
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(content)
    return stream.getvalue()


def floats(number: int) -> bytes:
    """A WAV of 32-bit floats."""
    content = tone(number).astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, RATE, 4 * RATE, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data"
    body += struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


def stating(number: int, size: int) -> bytes:
    """A WAV that states another size, as programs do that cannot go back to the beginning."""
    whole = wav(tone(number))
    riff = size if size in (0, 0xFFFFFFFF) else size + 36
    return whole[:4] + struct.pack("<I", riff) + whole[8:40] + struct.pack("<I", size) + whole[44:]


def encoded(container: str, codec: str, number: int, rate: int = RATE, **tags: str) -> bytes:
    """The tone of a number, with tags."""
    stream = io.BytesIO()
    with av.open(stream, "w", format=container) as output:
        output.metadata.update(tags)
        track: Any = output.add_stream(codec, rate=rate, layout="mono")
        track.bit_rate = 12_200 if "amr" in codec else 64_000  # the former is one of its eight
        fitting = av.AudioResampler(format=track.format, layout="mono", rate=rate)
        values = np.rint(tone(number) * 32767).astype(np.int16)[None]
        frame: Any = av.AudioFrame.from_ndarray(values, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        blocks = av.AudioFifo()
        for each in [*fitting.resample(frame), *fitting.resample(None)]:
            blocks.write(each)
        while block := blocks.read(track.codec_context.frame_size or 1024, partial=True):
            output.mux(track.encode(block))
        output.mux(track.encode(None))
    return stream.getvalue()


def cut(content: bytes, share: float = 0.5) -> bytes:
    return content[: round(share * len(content))]


def files() -> list[Odd]:
    return [
        read("sounds/opposite.wav", wav(tone(1), -tone(1)), "audio"),
        read(
            "sounds/six channels.wav",
            wav(*[np.zeros_like(TIMES)] * 2, tone(2), *[TIMES * 0] * 3),
            "audio",
        ),
        read("sounds/left only.wav", wav(tone(3), TIMES * 0), "audio"),
        read("sounds/eight bits.wav", wav(tone(4), width=1), "audio"),
        read("sounds/24 bits.wav", wav(tone(5), width=3), "audio"),
        read("sounds/floats.wav", floats(6), "audio"),
        read("sounds/very quiet.wav", wav(tone(7, 0.0003)), "audio", says="-70 dBFS"),
        read("sounds/offset.wav", wav(tone(8, 0.2) + 0.1), "audio"),
        read("sounds/silence.wav", wav(TIMES * 0), "audio", says="silence"),
        read("sounds/size 0.wav", stating(9, 0), "audio"),
        read("sounds/size 7fffffff.wav", stating(10, 0x7FFF_FFFF), "audio"),
        read(
            "sounds/size 2e9.wav",
            stating(11, 2_000_000_000),
            "audio",
            says="left open by the header",
        ),
        read("sounds/size ffffffff.wav", stating(12, 0xFFFF_FFFF), "audio"),
        read(
            "sounds/reporter.wav",
            broadcast_wave("2019-07-14", "10:00:00"),
            "audio",
            at=local(2019, 7, 14, 10),
            by="BWF origination" + LOCAL,
        ),
        read("sounds/song.mp3", encoded("mp3", "libmp3lame", 13), "audio", of="again.mp3"),
        read(
            "sounds/recorded.mp3",
            encoded("mp3", "libmp3lame", 14, date="2018-03-04T05:06:07+00:00"),
            "audio",
            at=utc(2018, 3, 4, 5, 6, 7),
            by="recording date",
        ),
        read(
            "sounds/an album.mp3",
            encoded("mp3", "libmp3lame", 15, date="2018-03-04", album="Songs"),
            "audio",
        ),
        failed("sounds/half.mp3", cut(encoded("mp3", "libmp3lame", 16)), "truncated"),
        read(
            "sounds/dated.flac",
            flac(date="2018-03-04T05:06:07+00:00"),
            "audio",
            at=utc(2018, 3, 4, 5, 6, 7),
            by="recording date",
        ),
        read("sounds/plain.flac", encoded("flac", "flac", 17), "audio"),
        read("sounds/radio.ogg", encoded("ogg", "libopus", 18, 48_000), "audio"),
        read(
            "sounds/PTT-20230409-WA0004.opus",
            encoded("ogg", "libopus", 19, 48_000),
            "audio",
            at=local(2023, 4, 9),
            by="date in the file name",
        ),
        read(
            "sounds/Recording 20230410101112.m4a",
            encoded("ipod", "aac", 20),
            "audio",
            at=local(2023, 4, 10, 10, 11, 12),
            by="file name" + LOCAL,
        ),
        read("sounds/lossless.m4a", encoded("ipod", "alac", 21), "audio"),
        read("sounds/voice.amr", encoded("amr", "libopencore_amrnb", 22, 8000), "audio"),
        read("sounds/stream.aac", encoded("adts", "aac", 23), "audio"),
        read("sounds/mac.aiff", encoded("aiff", "pcm_s16be", 24), "audio"),
        read("sounds/sun.au", encoded("au", "pcm_s16be", 25), "audio"),
        read("sounds/apple.caf", encoded("caf", "pcm_s16le", 26), "audio"),
        read("sounds/windows.wma", encoded("asf", "wmav2", 27, 44_100), "audio"),
        read("sounds/film.ac3", encoded("ac3", "ac3", 28, 48_000), "audio"),
        read("sounds/matroska.mka", encoded("matroska", "aac", 29), "audio"),
        read("sounds/browser.weba", encoded("webm", "libopus", 30, 48_000), "audio"),
        read("sounds/really a wav.mp3", wav(tone(31)), "audio"),
        read("sounds/without suffix", encoded("mp3", "libmp3lame", 32), "audio"),
        read("sounds/again.mp3", copy_of("song.mp3"), "audio"),
        failed("sounds/click.wav", wav(tone(33)[:160]), "PerceptTooShortError"),
        failed("sounds/half.wav", cut(wav(tone(34))), "MediaDecodeError"),
        failed("sounds/half.m4a", cut(encoded("ipod", "aac", 35)), "MediaDecodeError"),
        failed("sounds/empty.mp3", b"", "EmptyPerceptError"),
    ]
