"""Media of unsaid kind become the percept they are, or an error that says what to say."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import tifffile

from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    SourceNotFoundError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceTypeError,
    UnitError,
)
from sensorium.percepts import IMU, Depth, Image, Text, percept_from_media
from sensorium.percepts.codecs.base64_text import from_base64
from sensorium.percepts.locations import local_path
from sensorium.percepts.recognising import modality_of_content, modality_of_file
from sensorium.samples import FOLDER as SAMPLES


def png(mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    PIL.Image.new(mode, (4, 4), 7).save(content, "PNG")
    return content.getvalue()


def sample(suffix: str) -> Path:
    return sorted(SAMPLES.glob(f"*{suffix}"))[0]


@pytest.mark.parametrize(
    ("content", "sense"),
    [
        (png(), "image"),
        ("data:image/png;base64," + base64.b64encode(png()).decode(), "image"),
        (b"plain words", "text"),
        ("data:text/plain;base64," + base64.b64encode(b"words").decode(), "text"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio"),
        (b"OggS" + bytes(60), "audio"),
        (b"\x1aE\xdf\xa3" + bytes(60), "video"),
        (b"\0\0\0\x18ftypisom" + bytes(60), "video"),
    ],
)
def test_content_says_what_it_is(content: bytes | str, sense: str) -> None:
    """Without a mime type the first bytes, or the data: URI, tell the sense."""
    assert modality_of_content(content) == sense


def test_the_name_tells_sound_from_video(tmp_path: Path) -> None:
    """Containers of both are what their file is called; other names do not overrule content."""
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x18ftypisom" + bytes(60))
    (tmp_path / "film.ogv").write_bytes(b"OggS" + bytes(60))
    (tmp_path / "notes.wav").write_bytes(png())
    (tmp_path / "raw.mp3").write_bytes(b"\xff\xfb\x90\x00" + bytes(600))
    found = {path.name: modality_of_content(path) for path in tmp_path.iterdir()}
    assert found == {
        "song.m4a": "audio",
        "film.ogv": "video",
        "notes.wav": "image",
        "raw.mp3": "audio",
    }


def test_a_mime_type_goes_before_content_and_a_modality_before_both() -> None:
    """What the caller says is believed: the percept's class finds out if it is wrong."""
    assert modality_of_content(png(), "audio/wav") == "audio"
    assert modality_of_content(png(), "application/octet-stream") == "image"
    thermal = percept_from_media(
        png("L"), mime_type="image/png", modality="thermal", units={"unit": "white-hot"}
    )
    assert thermal.modality == "thermal"


def test_units_and_the_rest_reach_the_percept() -> None:
    """The percept equals the one its own class makes."""
    deep = np.full((4, 4), 900, np.uint16)
    assert percept_from_media(
        deep, modality="depth", units={"unit": "mm", "fx": 20.0}, uri="cam"
    ) == Depth(deep, unit="mm", fx=20.0, uri="cam")
    moved = np.tile([0.0, 0, 1, 0, 0, 0], (200, 1))
    felt = percept_from_media(
        moved.tolist(), modality="imu", units={"rate": 100, "accel": "g", "gyro": "rad/s"}
    )
    assert felt == IMU(moved, rate=100, accel="g", gyro="rad/s")
    assert percept_from_media(b"\xef\xbb\xbfwords") == Text("words")


def test_depth_is_never_guessed() -> None:
    """A picture of 16 bits is refused until its numbers are explained."""
    with pytest.raises(UnitError, match=r"16 bits or more.*say modality depth"):
        percept_from_media(png("I;16"), mime_type="image/png")
    assert percept_from_media(png("I;16"), modality="image").modality == "image"
    half = io.BytesIO()
    tifffile.imwrite(half, np.ones((4, 4), np.float16))
    for content in (half.getvalue(), b"v/1\x01" + bytes(40)):  # which Pillow does not know
        with pytest.raises(UnitError, match="say modality depth"):
            percept_from_media(content)


def test_a_drive_letter_is_not_the_scheme_of_a_url() -> None:
    """A URL's scheme has two letters at least; whatever has one is refused as an address."""
    assert local_path("C://data/a.png").name == "a.png"
    for url in ("s3://bucket/a.png", "https://example.org/a.png", "ab://x"):
        with pytest.raises(SourceRefusedError, match="fetches nothing"):
            local_path(url)


def test_base64_may_be_broken_into_lines() -> None:
    """As mail and the `base64` command write it; what is not base64 is named."""
    broken = base64.encodebytes(png() * 9)
    assert from_base64(broken) == from_base64(broken.decode()) == png() * 9
    assert percept_from_media(f"data:image/png;base64,{broken.decode()}").modality == "image"
    for text in ("é", "!!!", "abc"):
        with pytest.raises(SourceTypeError, match="base64 that cannot be read"):
            from_base64(text)
    with pytest.raises(SourceTooLargeError, match="1000 characters"):
        from_base64("A" * 1000, max_bytes=100)


def test_roots_hold_against_every_way_out(tmp_path: Path) -> None:
    """A path must lie in a root, however it is written and whatever it links to."""
    inside, outside = tmp_path / "in", tmp_path / "out.png"
    inside.mkdir()
    outside.write_bytes(png())
    (inside / "good.png").write_bytes(png())
    (inside / "link.png").symlink_to(outside)
    (inside / "circle").symlink_to(inside / "circle")
    assert percept_from_media(inside / "good.png", roots=[inside]) == Image(inside / "good.png")
    uri = (inside / "good.png").as_uri()
    assert percept_from_media(uri, roots=[inside]).modality == "image"
    for path in (
        outside,
        str(outside),
        outside.as_uri(),
        inside / ".." / "out.png",
        inside / "link.png",
        f"{inside}/\0",
        "~/out.png",
        "out.png",
        "https://example.org/a.png",
        "http://169.254.169.254/",
    ):
        for roots in ([inside], str(inside)):  # one alone is no list of letters, "/" the first
            with pytest.raises((SourceRefusedError, SourceNotFoundError)):
                percept_from_media(path, roots=roots)
    with pytest.raises(SourceRefusedError, match="an allowed directory"):
        percept_from_media(inside / "good.png", roots=[])
    with pytest.raises((SourceRefusedError, SourceNotFoundError)):
        percept_from_media(inside / "circle", roots=[inside])
    assert percept_from_media(png(), roots=[]).modality == "image"


@pytest.mark.parametrize(
    ("content", "arguments", "error", "words"),
    [
        (bytes(600), {}, MediaDecodeError, "say the modality"),
        (np.zeros((4, 6)), {}, MediaDecodeError, "of unsaid modality"),
        (b"\xff\xfe\xfa", {"mime_type": "text/plain"}, MediaDecodeError, "not utf-16 throughout"),
        (np.zeros(4), {"modality": "text"}, SourceTypeError, "as text"),
        (png(), {"modality": "smell"}, PerceptFormatError, "'smell'.*one of audio"),
        (png(), {"modality": 5}, PerceptFormatError, "modality 5"),
        (png(), {"modality": "image", "units": {"fx": 3}}, PerceptFormatError, "fx"),
        ("data:image/png;base64,!!!", {}, SourceTypeError, "malformed"),
        ("/nowhere/at/all.png", {}, SourceNotFoundError, "nothing is"),
        ("https://example.org/a.png", {}, SourceRefusedError, "fetches nothing"),
    ],
)
def test_what_cannot_be_opened_is_explained(
    content: object, arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    """Each bad input has its error, which names what was wrong."""
    with pytest.raises(error, match=words):
        percept_from_media(content, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        "12:34:{0:02}.789 -> 0.1,0.2,9.8,0.01,0.02,0.03",
        "ax:0.{0}\tay:0.2\taz:9.8",
        "AcX = {0} | AcY = 2 | AcZ = 16000 | Tmp = 24.5",
        "1600,A,2522074{0},-0.36,8.79,1.05;",
        "Accel,1598501144{0},500000{0},0.1,0.2,9.8,3",
        "2023-11-14T22:13:{0:02}.250;7500{0};12.1;20.5;990.3",
        "velocity:\n  x: 0.{0}\n  y: 0.2\n---",
    ],
)
def test_what_loggers_write_is_not_words(row: str, tmp_path: Path) -> None:
    """Rows of numbers with a time, a label or names before each are not remembered as text."""
    path = tmp_path / "log.txt"
    path.write_text("\n".join(row.format(second) for second in range(10, 50)))
    with pytest.raises(MediaDecodeError, match="table of numbers"):
        modality_of_file(path)


@pytest.mark.parametrize(
    "line",
    [
        "2026-05-01 08:00:{0:02} INFO request 4{0} served in 0.{0} s with status 200",
        "[01.05.26, 08:{0:02}] Anna: at 7 or at 8?",
        "{0} eggs, 200 g of flour, 3 spoons of sugar",
        "2026-05-{0:02}  rent  900.00",
        "{0}\n00:00:{0:02},000 --> 00:00:{0:02},900\nWe met {0} years ago.",
        "{0}:{0} And the evening and the morning were day {0}.",
        "  retries_{0}: {0}",
        "- [ ] task {0}: call 030 1234567",
        "Anna Meyer, 23, 180, born 14.3.2001",
    ],
)
def test_words_with_numbers_are_words(line: str, tmp_path: Path) -> None:
    """Logs, chats, recipes, accounts, subtitles, verses, settings and lists stay texts."""
    path = tmp_path / "notes.txt"
    path.write_text("\n".join(line.format(number) for number in range(10, 28)))
    assert modality_of_file(path) == "text"


@pytest.mark.parametrize("separator", [" ", ",", "\t", "; "])
def test_a_table_of_numbers_is_not_words(separator: str, tmp_path: Path) -> None:
    """Stamps, poses and rows of a sensor in a .txt file are not remembered as text."""
    rows = [separator.join(f"{value:.6f}" for value in np.arange(8) + n) for n in range(20)]
    path = tmp_path / "oxts.txt"
    path.write_text("\n".join(rows))
    for recognise in (modality_of_file, percept_from_media):
        with pytest.raises(MediaDecodeError, match="table of numbers"):
            recognise(path)
    assert percept_from_media(path, modality="text").modality == "text"
    path.write_text("On 3 May we sold 14 apples, 3 pears and 12 plums, for 5.20 each. " * 9)
    assert modality_of_file(path) == "text"
    path.write_text("12 15 17")
    assert modality_of_file(path) == "text"
