"""Values and files made to break a parser end in errors of the tree, which say what came."""

from __future__ import annotations

import io
import json
import struct
import tokenize
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import PIL.Image
import pytest

from sensorium.errors import (
    LONGEST_CAME,
    MediaDecodeError,
    PerceptFormatError,
    SensoriumError,
    UnitError,
    show,
)
from sensorium.memory import Memory
from sensorium.percepts import IMU, Audio, Depth, Image, Text, Thermal, Video, percept_from_dict
from sensorium.percepts.codecs.pictures import translate_errors
from sensorium.percepts.recognising import percept_from_media

ROWS = np.ones((20, 6), np.float32)


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


DEEP = nested(100_000)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["source", "units", "at", "uri", "modality"])
@pytest.mark.parametrize("levels", [900, 100_000])
def test_a_dictionary_nested_too_deeply_is_no_percepts(place: str, levels: int) -> None:
    """Whatever the parser makes of it; 900 levels pass JSON and are too deep for others."""
    fields = Text("words").to_dict()
    fields[place] = {"unit": nested(levels)} if place in ("source", "units") else nested(levels)
    with pytest.raises(PerceptFormatError, match="write it with to_dict"):
        percept_from_dict(fields)


WRONG: dict[str, Callable[[Any], object]] = {
    "accel": lambda value: IMU(ROWS, accel=value, gyro="rad/s", rate=50),
    "rate of motion": lambda value: IMU(ROWS, accel="g", gyro="rad/s", rate=value),
    "rate": lambda value: Audio(np.zeros(9), rate=value),
    "fps": lambda value: Video(np.zeros((2, 4, 4, 3), np.uint8), fps=value),
    "unit": lambda value: Depth(np.ones((4, 4)), unit=value),
    "fx": lambda value: Depth(np.ones((4, 4)), unit="m", fx=value),
    "baseline": lambda value: Depth(np.ones((4, 4)), unit="m", fx=5, baseline=value),
    "thermal unit": lambda value: Thermal(np.ones((4, 4)), unit=value),
    "span": lambda value: Thermal(np.ones((4, 4)), unit="celsius", span=value),
    "palette": lambda value: Thermal(np.zeros((4, 4, 3)), unit="white-hot", palette=value),
    "at": lambda value: Text("words", at=value),
    "uri": lambda value: Text("words", uri=value),
    "units": lambda value: percept_from_media(b"words", modality="text", units={"colour": value}),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    "value", [DEEP, {"a": DEEP}, ["x"] * 100_000], ids=["deep", "dict", "long"]
)
def test_a_unit_may_be_anything(make: Callable[[Any], object], value: Any) -> None:
    """A value of the wrong type is shown in part, however it is nested."""
    with pytest.raises(SensoriumError) as refusal:
        make(value)
    assert len(refusal.value.came) <= LONGEST_CAME


@pytest.mark.parametrize("argument", ["at", "ttl", "id", "tags", "metadata", "source", "text"])
def test_an_argument_of_a_memory_may_be_anything(argument: str) -> None:
    """Nothing is kept then."""
    given: dict[str, Any] = {"text": "words", argument: DEEP}
    with Memory.open(":memory:", owner="rex") as memory:
        with pytest.raises(SensoriumError):
            memory.remember(**given)
        assert memory.count() == 0


def test_a_value_is_shown_as_it_is_written() -> None:
    """Ordinary values look as in Python; what cannot be written has its type."""
    for value in ("x", ["a", 1, None], {"unit": "mm"}, ("a",), timedelta(days=1), 2.5, b"x"):
        assert show(value) == repr(value)
    assert len(show("x" * 10**7)) <= LONGEST_CAME
    assert show(DEEP).startswith("[[[")
    assert len(show(DEEP)) < LONGEST_CAME

    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    assert "Broken instance" in show([Broken()])


def damaged_npz() -> bytes:
    """An archive whose array has an opened bracket in its header."""
    content = io.BytesIO()
    np.savez(content, data=ROWS, rate=50.0)
    damaged = content.getvalue().replace(b"'shape': (20, 6)", b"'shape': ((0, 6)")
    return _with_checksums(damaged)


def _with_checksums(archive: bytes) -> bytes:
    """Write the entries of a stored archive anew, so that their checksums are right."""
    import zipfile

    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(content, "w") as new:
        for entry in old.infolist():
            old_start = entry.header_offset + 30
            name, extra = struct.unpack("<HH", archive[old_start - 4 : old_start])
            start = old_start + name + extra
            new.writestr(entry.filename, archive[start : start + entry.compress_size])
    return content.getvalue()


def test_a_damaged_header_of_an_archive_is_told() -> None:
    """Its parser is Python's own, whose errors are none of the usual ones."""
    with pytest.raises(MediaDecodeError, match="unreadable as imu") as refusal:
        IMU(damaged_npz(), accel="m/s^2", gyro="rad/s")
    assert isinstance(refusal.value.__cause__, (tokenize.TokenError, ValueError, SyntaxError))


def test_a_picture_of_an_unknown_coding_is_told() -> None:
    """A DDS names codings that Pillow has not written a decoder for."""
    content = io.BytesIO()
    PIL.Image.new("RGBA", (8, 8)).save(content, "DDS")
    damaged = bytearray(content.getvalue())
    damaged[80:88] = struct.pack("<I4s", 4, b"ZZZZ")  # flags of the pixel format, and its name
    with pytest.raises(MediaDecodeError, match="NotImplementedError"):
        Image(bytes(damaged))
    with pytest.raises(MediaDecodeError):
        percept_from_media(bytes(damaged), mime_type="image/x-dds")


def test_any_error_of_a_decoder_is_translated_but_of_memory() -> None:
    """A plugin raises what it likes; no memory says nothing of the file."""

    class OddError(Exception):
        pass

    with (
        pytest.raises(MediaDecodeError, match="OddError: 7") as refusal,
        translate_errors("x", "image"),
    ):
        raise OddError(7)
    assert isinstance(refusal.value.__cause__, OddError)
    for kept in (MemoryError, KeyboardInterrupt, UnitError("a", "b", "c")):
        with pytest.raises(kept if isinstance(kept, type) else UnitError):  # noqa: SIM117
            with translate_errors("x", "image"):
                raise kept


def test_json_of_any_shape_is_no_percept() -> None:
    """What parses as JSON and is no dictionary of a percept is refused."""
    for text in ("{}", '{"modality": []}', '{"modality": "text", "source": {"text": [1]}}'):
        with pytest.raises(SensoriumError):
            percept_from_dict(json.loads(text))
