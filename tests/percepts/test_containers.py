"""Files are what they hold: sound alone in a container of film, pictures without a name."""

from __future__ import annotations

import os
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
import pytest
from tests.support.sounds import RATE, encoded, tone, wav

from sensorium.errors import MediaDecodeError, SourceNotFoundError
from sensorium.percepts import Audio, Image, Video, percept_from_media
from sensorium.percepts.recognising import guessed_suffixes, is_known_file, modality_of_file

SOUND = {".webm": ("webm", "libopus"), ".mp4": ("mp4", "aac"), ".mkv": ("matroska", "aac")}


def sounding(container: str, codec: str) -> bytes:
    if codec != "libopus":
        return encoded(container, codec, tone(440, 1))
    stream = BytesIO()  # opus is made for 48 kHz
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=48_000, layout="mono")
        block = np.sin(np.arange(48_000) / 9)[None] * 9000
        frame: Any = av.AudioFrame.from_ndarray(block.astype("<i2"), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


def filmed(container: str, codec: str = "libx264") -> bytes:
    stream = BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=10)
        track.width, track.height, track.pix_fmt = 64, 48, "yuv420p"
        for index in range(5):
            pixels = np.full((48, 64, 3), 40 * index, np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 10)
            output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize("suffix", SOUND)
def test_sound_alone_is_a_sound_whatever_its_container_is_called(
    suffix: str, tmp_path: Path
) -> None:
    """Browsers and messengers write voice notes as .webm and .mp4."""
    content = sounding(*SOUND[suffix])
    path = tmp_path / f"voice note{suffix}"
    path.write_bytes(content)
    assert modality_of_file(path) == "audio"
    for given, mime in ((path, None), (content, None), (content, f"video/{suffix[1:]}")):
        assert isinstance(percept_from_media(given, mime_type=mime), Audio)
    with pytest.raises(MediaDecodeError, match="no moving picture"):
        percept_from_media(path, modality="video")  # what the caller says is believed


@pytest.mark.parametrize(
    ("name", "container"),
    [("film.mka", "matroska"), ("film.mp4", "mp4"), ("film", "mp4"), ("film.3gp", "mp4")],
)
def test_moving_pictures_are_a_film_whatever_their_name(
    name: str, container: str, tmp_path: Path
) -> None:
    """The other way round."""
    path = tmp_path / name
    path.write_bytes(filmed(container))
    assert modality_of_file(path) == "video"
    assert isinstance(percept_from_media(path), Video)


def test_a_suffix_with_two_meanings_is_settled_by_the_content(tmp_path: Path) -> None:
    """A .ts is a film of a camcorder, or a program in TypeScript, which is none of ours."""
    film, program = tmp_path / "00001.ts", tmp_path / "index.ts"
    film.write_bytes(filmed("mpegts"))
    program.write_text("export const answer: number = 42;\n" * 40)
    assert (modality_of_file(film), is_known_file(film)) == ("video", True)
    assert isinstance(percept_from_media(film), Video)
    assert not is_known_file(program)
    with pytest.raises(MediaDecodeError, match="does not say what it is"):
        modality_of_file(program)
    stamped = tmp_path / "00002.m2ts"  # four bytes of time before each packet
    content = filmed("mpegts")
    packets = (content[at : at + 188] for at in range(0, len(content), 188))
    stamped.write_bytes(b"".join(b"\0\0\0\0" + packet for packet in packets))
    assert modality_of_file(stamped) == "video"
    assert isinstance(percept_from_media(stamped.read_bytes()), Video)


def test_a_file_without_a_suffix_is_what_it_begins_with(tmp_path: Path) -> None:
    """Pictures and sounds as back-ups of phones name them; words and strangers are left alone."""
    picture = BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(picture, "JPEG")
    for name, content, modality in (
        ("0a1b2c3d", picture.getvalue(), "image"),
        ("PTT-20200101-WA0001", wav(tone(440, 1)), "audio"),
        ("LICENSE", b"Permission is hereby granted, free of charge, " * 20, None),
        ("photo.jpg.part", picture.getvalue(), None),
        ("core", os.urandom(600), None),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert is_known_file(path) == (modality is not None), name
        if modality is not None:
            assert modality_of_file(path) == modality


@pytest.mark.parametrize(
    ("suffix", "container", "codec"),
    [
        *((".m4b", "ipod", "aac"), (".mka", "matroska", "aac"), (".w64", "w64", "pcm_s16le")),
        *((".caf", "caf", "pcm_s16be"), (".au", "au", "pcm_s16be"), (".aifc", "aiff", "pcm_s16be")),
        *((".mp2", "mp3", "libmp3lame"), (".aac", "adts", "aac"), (".m4r", "ipod", "aac")),
    ],
)
def test_sounds_of_every_suffix_are_found_and_read(
    suffix: str, container: str, codec: str, tmp_path: Path
) -> None:
    """Each is in the list of suffixes, and what it names can be decoded."""
    path = tmp_path / f"sound{suffix}"
    if codec.startswith("pcm"):
        path.write_bytes(in_pcm(container, codec))
    else:
        path.write_bytes(encoded(container, codec, tone(440, 1)))
    assert is_known_file(path)
    assert modality_of_file(path) == "audio"
    heard = Audio(path).mono(RATE)
    assert np.abs(np.fft.rfft(heard[:RATE], RATE)).argmax() == 440


def in_pcm(container: str, codec: str) -> bytes:
    stream = BytesIO()
    with av.open(stream, "w", format=container) as output:
        track: Any = output.add_stream(codec, rate=RATE, layout="mono")
        block = (tone(440, 1)[None] * 32767).astype(np.int16)
        frame: Any = av.AudioFrame.from_ndarray(block, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        output.mux(track.encode(frame))
        output.mux(track.encode(None))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        *((".jfif", "JPEG"), (".jpe", "JPEG"), (".jp2", "JPEG2000"), (".ico", "ICO")),
        *((".tga", "TGA"), (".ppm", "PPM"), (".pgm", "PPM"), (".apng", "PNG"), (".mpo", "MPO")),
        *((".dib", "DIB"), (".pcx", "PCX")),
    ],
)
def test_pictures_of_every_suffix_are_found_and_read(
    suffix: str, kind: str, tmp_path: Path
) -> None:
    """Each is in the list of suffixes, and what it names can be decoded."""
    path = tmp_path / f"picture{suffix}"
    PIL.Image.new("L" if suffix == ".pgm" else "RGB", (32, 32), 90).save(path, kind)
    assert guessed_suffixes()[suffix] == "image"
    assert modality_of_file(path) == "image"
    assert Image(path).picture().size == (32, 32)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("suffix", [".jpg", ".txt", ".wav", ".mp4", ".csv", ".ts", ""])
def test_a_pipe_is_not_waited_for(suffix: str, tmp_path: Path) -> None:
    """Opening it would wait for ever for somebody to write into it."""
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    for read in (modality_of_file, percept_from_media, Image, Audio, Video):
        with pytest.raises(SourceNotFoundError, match="not a file"):
            read(pipe)
    assert suffix in guessed_suffixes() or not is_known_file(pipe)
