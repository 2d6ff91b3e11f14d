"""Signals of a model as percepts, within folders and sizes; signals of a program, too."""

from __future__ import annotations

import base64
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium.agents.arguments import Signal
from sensorium.agents.limits import MEDIA_LIMITS
from sensorium.agents.signals import Content, SignalReader, percepts_of
from sensorium.errors import PerceptFormatError, SourceTypeError, ToolArgumentError
from sensorium.percepts import IMU, Depth, Image, Limits, Percept, Text, Thermal
from sensorium.samples import FOLDER

PHOTO = FOLDER / "photo_dog.jpg"
DATA = base64.b64encode(PHOTO.read_bytes()).decode("ascii")
IMU_UNITS = {"accel": "m/s^2", "gyro": "rad/s"}
STILL = [[0.0, 0.0, 9.8, 0.0, 0.0, 0.0]] * 20


def read(reader: SignalReader | None = None, **signal: Any) -> Percept:
    return (reader or SignalReader()).read(Signal(**signal))


def test_a_signal_is_a_percept() -> None:
    """Base64, a data: URI and a path are the same picture; time and origin are kept."""
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    at = noon.isoformat()
    expected = Image(PHOTO)
    assert read(data=DATA, at=at, uri="camera:1") == Image(PHOTO, at=noon, uri="camera:1")
    broken = "\n".join(DATA[i : i + 76] for i in range(0, len(DATA), 76))
    assert read(data=broken).digest == expected.digest
    assert read(data=f"data:image/jpeg;base64,{DATA}").digest == expected.digest
    named = read(SignalReader([FOLDER]), path=str(PHOTO))
    assert (named.digest, named.uri) == (expected.digest, PHOTO.as_uri())
    relative = read(SignalReader([FOLDER.parent, FOLDER]), path=PHOTO.name, uri="mine")
    assert (relative.digest, relative.uri) == (expected.digest, "mine")
    text = read(data=base64.b64encode(b"words").decode(), mime_type="text/plain")
    assert isinstance(text, Text)


def test_samples_are_a_motion() -> None:
    """Rows of numbers are motion, whatever the modality says; times stand for a rate."""
    by_rate = read(samples=STILL, units={**IMU_UNITS, "rate": 50})
    by_times = read(samples=STILL, units=IMU_UNITS, times=[n / 50 for n in range(20)])
    assert isinstance(by_rate, IMU)
    assert by_rate.duration == pytest.approx(by_times.duration or 0)


def test_numbers_may_be_written_as_text() -> None:
    """Some models write every unit as text; null is a unit that was not given."""
    data = base64.b64encode((FOLDER / "depth_mug.png").read_bytes()).decode()
    units = {"unit": "0.001", "fx": "525", "baseline": None}
    depth = read(data=data, modality="depth", units=units)
    assert depth == Depth((FOLDER / "depth_mug.png").read_bytes(), unit=0.001, fx=525)


def test_a_model_can_follow_what_is_said_of_numbers() -> None:
    """A doubted map is refused with the unit that reads it, which is among the units' fields."""
    heat = (2900 + np.arange(600)).reshape(20, 30).astype("<u2")  # tenths of kelvin
    sent: dict[str, Any] = {
        "data": base64.b64encode(heat.tobytes()).decode(),
        "modality": "thermal",
    }
    units = {"unit": "kelvin", "shape": [20, 30], "dtype": "uint16"}
    with pytest.raises(ToolArgumentError, match=r'"unit": "kelvin", "scale": 0\.1.*"trust": true'):
        read(**sent, units=units)
    percept = read(**sent, units={**units, "scale": "0.1"})
    assert isinstance(percept, Thermal)
    assert percept.range() == pytest.approx((17.45, 76.15), abs=0.7)
    assert {"scale", "shape", "trust"} <= Thermal.needs.keys()


def test_all_signals_are_read_in_order() -> None:
    """Each has its place in the argument as a name."""
    reader = SignalReader()
    first, second = reader.read_all([Signal(data=DATA, uri="a"), Signal(data=DATA, uri="b")])
    assert (first.uri, second.uri) == ("a", "b")
    with pytest.raises(ToolArgumentError, match=r"^media\[1\]: "):
        reader.read_all([Signal(data=DATA), Signal(data="AAAA")])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no base64": ({"data": "not base64!"}, r"data that is not base64 .*encode it again"),
    "no kind of file": ({"data": "AAAA"}, "say its modality or mime type"),
    "an unknown modality": ({"data": "AAAA", "modality": "smell"}, "'smell'; needed one of audio"),
    "a large file": ({"data": "A" * 2000}, "at most 1000 bytes .*ask the user to open a door"),
    "a large data: URI": ({"data": "data:," + "A" * 2000}, "at most 1000 bytes"),
    "a path": ({"path": str(PHOTO)}, "no folder may be read; .*ask the user to open a door"),
    "a URL": ({"path": "https://example.org/a.png"}, "nothing is fetched"),
    "units without modality": ({"data": "AAAA", "units": {"unit": "mm"}}, "add modality: depth"),
    "units of another modality": (
        {"data": "AAAA", "modality": "thermal", "units": {"fx": 1}},
        "fx for thermal; needed units of thermal, unit, span, invalid, palette, .*; leave them out",
    ),
    "units of a picture": (
        {"data": "AAAA", "modality": "image", "units": {"fx": 1}},
        "which has none",
    ),
    "no units": ({"samples": STILL}, r'units {"accel": "m\/s\^2", "gyro": "rad\/s"}'),
}


@pytest.mark.parametrize(("signal", "match"), WRONG.values(), ids=WRONG)
def test_a_signal_that_cannot_be_taken(signal: dict[str, Any], match: str) -> None:
    """The error is worded for the model, and names the signal."""
    reader = SignalReader(upload_bytes=1000, permission="open a door")
    with pytest.raises(ToolArgumentError, match=f"^media: .*{match}"):
        reader.read(Signal(**signal))


def test_what_an_agent_sends_is_bounded(tmp_path: Path) -> None:
    """A text and a picture have limits, by path, too; a person has none of them."""
    limits = Limits(max_characters=10, max_pixels=1000)
    reader = SignalReader([FOLDER, tmp_path], limits=limits)
    (tmp_path / "words.txt").write_text("eleven char")
    for path in ("words.txt", PHOTO.name):
        with pytest.raises(ToolArgumentError, match=r"; needed at most .*; (send|scale) it"):
            reader.read(Signal(path=path))
    with pytest.raises(
        ToolArgumentError, match=r"^query of 11 characters; needed at most 10; send"
    ):
        reader.check_text("eleven char", "query")
    reader.check_text("ten letter")
    reader.check_text(None)
    assert MEDIA_LIMITS.max_characters == 200_000
    assert len(Text("a" * 200_001).text) > MEDIA_LIMITS.max_characters


def test_no_path_leads_out_of_the_roots(tmp_path: Path) -> None:
    """Neither an absolute path, dots, a link nor a file: URI; the roots are told."""
    (tmp_path / "link.jpg").symlink_to(PHOTO)
    outside = f"../{PHOTO.parent.name}/{PHOTO.name}"
    for roots in ([tmp_path], str(tmp_path)):  # one alone is no list of letters
        reader = SignalReader(roots)
        for path in (str(PHOTO), outside, "link.jpg", PHOTO.as_uri(), "~", "a\0b"):
            with pytest.raises(ToolArgumentError, match=f"below {tmp_path}, links followed"):
                reader.read(Signal(path=path))
        with pytest.raises(ToolArgumentError, match=f"or a path below {tmp_path}$"):
            SignalReader(roots, upload_bytes=10).read(Signal(data=DATA))


def test_signals_of_a_program() -> None:
    """Paths, URIs, bytes and percepts of one modality are percepts, in order."""
    expected = Image(PHOTO)
    uri = f"data:image/jpeg;base64,{DATA}"
    contents: list[Content] = [PHOTO, str(PHOTO), PHOTO.as_uri(), uri, PHOTO.read_bytes(), expected]
    percepts = percepts_of(contents, modality="image", units={})
    assert [percept.digest for percept in percepts] == [expected.digest] * 6
    assert percepts[-1] is expected
    with pytest.raises(SourceTypeError, match=r"a list of them; write \[...\] around it"):
        percepts_of(str(PHOTO), modality="image", units={})
    with pytest.raises(PerceptFormatError, match="use the method for text"):
        percepts_of([Text("words")], modality="image", units={})
    with pytest.raises(PerceptFormatError, match="colour"):
        percepts_of([PHOTO], modality="image", units={"colour": "red"})
