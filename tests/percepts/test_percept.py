"""What every percept promises, shown on text and on the source it came from."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from sensorium.errors import (
    EmptyPerceptError,
    PerceptFormatError,
    PerceptValueError,
    SourceChangedError,
    SourceNotFoundError,
    SourceRefusedError,
    SourceTooLargeError,
    SourceTypeError,
    TimeError,
)
from sensorium.percepts import Limits, Percept, Text, percept_from_dict
from sensorium.percepts.source import Encoded, Samples, take

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
LIMITS = Limits(max_bytes=1000)


def grasp(given: Any) -> Encoded | Samples:
    return take(given, modality="test", limits=LIMITS)


@pytest.mark.parametrize("text", ["", "a dog", "naïve 日本 🎧", "a\0b\n"])
def test_text_round_trips_through_json(text: str) -> None:
    """A dictionary that went through JSON makes an equal percept."""
    percept = Text(text, at=NOON, uri="note:1")
    back = percept_from_dict(json.loads(json.dumps(percept.to_dict())))
    assert isinstance(back, Text)
    assert (back, back.text, back.at, back.uri) == (percept, text, NOON, "note:1")


def test_the_digest_is_of_content_and_units_alone() -> None:
    """The digest is the planted SHA-256, and neither time nor origin moves it."""
    content = hashlib.sha256(b"sea").digest()
    planted = hashlib.sha256(b'["text", {}]\0' + content).hexdigest()
    assert Text("sea").digest == Text("sea", at=NOON, uri="x").digest == planted
    assert Text("sea").digest != Text("Sea").digest


def test_a_percept_is_immutable_and_hashable() -> None:
    """Setting or deleting an attribute is refused; equal percepts hash alike."""
    percept = Text("sea")
    with pytest.raises(AttributeError, match="immutable"):
        percept.uri = "y"
    with pytest.raises(AttributeError, match="immutable"):
        del percept.uri
    assert {percept, Text("sea")} == {percept}
    assert percept != Text("sea", at=NOON)


def test_naive_time_is_refused() -> None:
    """A datetime without a zone would move by hours between machines."""
    with pytest.raises(TimeError, match=r"naive datetime 2026-07-01T12:00:00.*tzinfo"):
        Text("x", at=datetime(2026, 7, 1, 12))


def test_text_is_never_a_path_nor_bytes() -> None:
    """Bytes are refused with the remedy; a path-like string is just text."""
    assert Text("/etc/hosts").text == "/etc/hosts"
    with pytest.raises(SourceTypeError, match="decode"):
        Text(b"x")  # type: ignore[arg-type]
    with pytest.raises(PerceptValueError, match="lone surrogate"):
        Text("\ud800 is half a character")
    with pytest.raises(SourceTooLargeError, match="1001 characters"):
        Text("x" * 1001, limits=LIMITS)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"modality": "smell", "source": {"text": "x"}},
        {"modality": "text", "source": {"base64": "eA=="}},
        {"modality": "text", "source": {"text": "x"}, "units": {"loudness": 3}},
        {"modality": "text", "source": {"text": "x"}, "at": "2026-07-01T12:00:00"},
        {"modality": "text", "source": {"text": "x"}, "surprise": 1},
        {"modality": "text", "source": "x"},
    ],
)
def test_foreign_dictionaries_are_refused(fields: dict[str, Any]) -> None:
    """What `to_dict` did not write is refused as such, whatever is wrong with it."""
    with pytest.raises(PerceptFormatError, match="to_dict"):
        percept_from_dict(fields)


def test_a_dictionary_of_another_sense_is_refused() -> None:
    """`Text.from_dict` does not return an image."""
    with pytest.raises(PerceptFormatError, match="'echo'"):
        Text.from_dict({"modality": "echo", "source": {"base64": "eA=="}})


class Echo(Percept):
    """A seventh sense in the shape a user would write it."""

    modality: ClassVar[str] = "echo"

    def __init__(
        self, source: Any, *, at: Any = None, uri: Any = None, limits: Limits = LIMITS
    ) -> None:
        self._describe(take(source, modality="echo", limits=limits), at=at, uri=uri, limits=limits)

    @property
    def units(self) -> dict[str, Any]:
        return {}


def test_a_new_sense_is_a_class(tmp_path: Path) -> None:
    """A subclass that names its modality is read back by `percept_from_dict`, from any source."""
    path = tmp_path / "echo.bin"
    path.write_bytes(b"ping")
    for given in (path, str(path), path.as_uri(), b"ping", io.BytesIO(b"ping"), "data:,ping"):
        echo = Echo(given)
        assert percept_from_dict(json.loads(json.dumps(echo.to_dict()))) == echo
        assert echo.digest == Echo(b"ping").digest
    samples = Echo(np.arange(6, dtype=">i4").reshape(2, 3))
    assert percept_from_dict(json.loads(json.dumps(samples.to_dict()))) == samples


def test_paths_stay_within_their_roots(tmp_path: Path) -> None:
    """A dictionary from an agent cannot read outside the allowed directories, by any spelling."""
    inside, outside = tmp_path / "in", tmp_path / "secret"
    inside.mkdir()
    outside.write_bytes(b"key")
    (inside / "link").symlink_to(outside)
    (inside / "fine").write_bytes(b"x")
    fields = Echo(inside / "fine").to_dict()
    assert percept_from_dict(fields, roots=[inside]) == Echo(b"x")
    spellings = [outside, inside / ".." / "secret", inside / "link", outside.as_uri(), "~/secret"]
    one: list[Any] = [[inside], inside, str(inside)]
    for roots in one:
        assert percept_from_dict(fields, roots=roots) == Echo(b"x")
        for path in spellings:
            with pytest.raises((SourceRefusedError, SourceNotFoundError)):
                percept_from_dict(fields | {"source": {"path": str(path)}}, roots=roots)


def test_one_content_has_one_digest_however_it_is_held() -> None:
    """Dtype order, strides and tensors do not matter; values, shape and dtype do."""
    array = np.arange(12, dtype="<f4").reshape(3, 4)
    for same in (array.astype(">f4"), np.asfortranarray(array), torch.from_numpy(array)):
        assert grasp(same).content_digest() == Samples(array).content_digest()
    for other in (array.T, array.astype("f8"), array + 1):
        assert grasp(other).content_digest() != Samples(array).content_digest()


def test_the_callers_array_stays_theirs() -> None:
    """A percept copies: later writes by the caller do not reach it, and it cannot be written."""
    array = np.zeros(3, np.float32)
    held = grasp(array)
    array[:] = 7
    assert isinstance(held, Samples)
    assert held.array.tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        held.array[0] = 1


def test_a_changed_file_is_not_the_percept_anymore(tmp_path: Path) -> None:
    """Reading after the file was rewritten or removed is an error, never other content."""
    path = tmp_path / "x"
    path.write_bytes(b"before")
    held = grasp(path)
    path.write_bytes(b"after it")
    with pytest.raises(SourceChangedError, match="changed"):
        held.content_digest()
    path.unlink()
    with pytest.raises(SourceNotFoundError, match="where nothing is"):
        held.content_digest()


@pytest.mark.parametrize(
    ("given", "error", "match"),
    [
        ("https://example.org/a.png", SourceRefusedError, "download it"),
        ("s3://bucket/key", SourceRefusedError, "URL"),
        ("no/such/file", SourceNotFoundError, "check the path"),
        (".", SourceNotFoundError, "not a file"),
        (b"", EmptyPerceptError, "length 0"),
        (b"x" * 1001, SourceTooLargeError, "limits=Limits"),
        (io.BytesIO(b"x" * 2000), SourceTooLargeError, "at most 1000"),
        (io.StringIO("text"), SourceTypeError, "binary mode"),
        ("data:;base64,AAAA" + "A" * 9000, SourceTooLargeError, "data: URI"),
        ("data:;base64,%%%", SourceTypeError, "malformed"),
        ("data:nothing", SourceTypeError, "malformed"),
        (np.empty((0, 3)), EmptyPerceptError, r"shape \(0, 3\)"),
        (np.array(["a"]), SourceTypeError, "convert it"),
        (object(), SourceTypeError, "object as the source of test"),
        (None, SourceTypeError, "NoneType"),
    ],
)
def test_bad_sources_are_named(given: Any, error: type[Exception], match: str) -> None:
    """Each unusable source gives its own error, before anything is read beyond the limit."""
    with pytest.raises(error, match=match):
        grasp(given)


class Trickle(io.RawIOBase):
    """A stream that gives three bytes at a time, as a pipe may."""

    def __init__(self, content: bytes) -> None:
        self.held = content

    def read(self, size: int = -1) -> bytes:
        taken, self.held = self.held[:3], self.held[3:]
        assert size <= 2**20, "asks for more memory than a block"
        return taken


def test_file_objects_are_read_to_their_end_in_blocks() -> None:
    """Short reads lose nothing, and no read asks for the whole limit at once."""
    held = take(Trickle(b"0123456789"), modality="test", limits=Limits())  # type: ignore[arg-type]
    assert isinstance(held, Encoded)
    assert held.read() == b"0123456789"


def test_copies_are_equal_and_as_immutable() -> None:
    """Pickled and deep-copied percepts keep their digest, and their samples stay read-only."""
    for percept in (Text("sea", at=NOON), Echo(np.arange(6.0)), Echo(b"ping")):
        for copied in (pickle.loads(pickle.dumps(percept)), copy.deepcopy(percept)):
            assert copied == percept
            if isinstance(copied.source, Samples):
                assert not copied.source.array.flags.writeable


def test_unreadable_paths_fail_in_our_tree(tmp_path: Path) -> None:
    """A loop of links, a name too long and a zero byte are not found; nothing raw escapes."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for path in (tmp_path / "loop", tmp_path / ("x" * 5000), "a\0b"):
        with pytest.raises(SourceNotFoundError, match="check the path"):
            grasp(path)


def test_a_relative_path_is_kept_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changing the working directory does not change or lose a percept."""
    (tmp_path / "x").write_bytes(b"here")
    monkeypatch.chdir(tmp_path)
    held = grasp("x")
    monkeypatch.chdir("/")
    assert isinstance(held, Encoded)
    assert held.read() == b"here"


def test_at_is_a_datetime() -> None:
    """A time as text is refused: its format would be guessed."""
    with pytest.raises(TimeError, match="str"):
        Text("x", at="2026-07-01T12:00:00Z")  # type: ignore[arg-type]


def test_two_senses_do_not_share_a_name() -> None:
    """A second class for a modality would change what dictionaries mean."""
    with pytest.raises(PerceptFormatError, match="Text has it"):
        type("Lyrics", (Echo,), {"modality": "text"})


@pytest.mark.parametrize(
    "given", [torch.zeros(2, device="meta"), torch.eye(2).to_sparse(), [[1], [2, 3]]]
)
def test_arrays_without_plain_content_are_refused(given: Any) -> None:
    """Meta and sparse tensors and ragged lists are errors of ours, not of the library below."""
    with pytest.raises(SourceTypeError, match=r"as the source|ragged"):
        grasp(given)
