"""What cannot be done says so: what came, what was needed, what to do; and nothing is lost."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from tests.support.planted import picture, sound
from tests.support.refusals import ENCODER, intact, open_it, told

from sensorium.errors import (
    ArgumentTypeError,
    BatchError,
    ExportFormatError,
    FilterError,
    MediaNotFoundError,
    OwnerError,
    QueryError,
    RecordError,
    RecordNotFoundError,
    SensoriumError,
    StoreClosedError,
    StoreError,
    StoreFormatError,
    StoreFullError,
    UnknownEncoderError,
    UnsupportedModalityError,
)
from sensorium.memory import Medium, Memory, Moment
from sensorium.percepts import Text

NAIVE = datetime(2026, 5, 1, 12)  # no zone: that is the point
AWARE = NAIVE.replace(tzinfo=timezone.utc)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def shared() -> Iterator[Memory]:
    """A memory for calls that change nothing."""
    with Memory.open(":memory:", owner="rex", encoder=ENCODER) as memory:
        memory.remember(picture("dog"), text="Rex", id="dog", tags=["t"])
        yield memory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one memory in it, closed."""
    with open_it(tmp_path / "m") as memory:
        memory.remember(picture("dog"), text="Rex", id="dog")
    return tmp_path / "m"


# Writing


def test_a_full_disk_loses_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing says so before Edge's mapped files fail; reading and forgetting go on."""
    with open_it(folder) as memory:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 1000))
        for action in (
            lambda: memory.remember(sound("bark")),
            lambda: memory.remember_many([sound("bark")]),
            lambda: memory.update("dog", sound("bark")),
        ):
            with pytest.raises(StoreFullError) as caught:
                action()
            told(caught.value, str(folder), "free some")
        assert memory.recall("dog")[0].record.id == "dog"
        monkeypatch.undo()
        assert memory.remember(sound("bark"), id="bark").new
        memory.forget("bark")
    intact(folder)


NESTED: dict[str, Any] = {}
for _ in range(33):
    NESTED = {"a": NESTED}

WRONG_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({}, "nothing"),
    ({"text": "  \n"}, "nothing"),
    ({"text": b"bytes"}, "text"),
    ({"text": "\ud800"}, "text"),
    ({"percepts": [Text(" ")]}, "text"),
    ({"percepts": ["words"]}, "str"),
    ({"percepts": [None]}, "NoneType"),
    ({"at": NAIVE}, "naive"),
    ({"at": "2026-05-01"}, "str"),
    ({"expires_at": NAIVE}, "naive"),
    ({"ttl": 30}, "ttl"),
    ({"ttl": timedelta(0)}, "positive"),
    ({"ttl": timedelta(days=-1)}, "positive"),
    ({"ttl": timedelta(days=1), "expires_at": AWARE}, "ttl"),
    ({"tags": "holiday"}, "tags"),
    ({"tags": ["ok", ""]}, "tag"),
    ({"tags": [7]}, "tag"),
    ({"tags": None}, "tags"),
    ({"tags": 5}, "tags"),
    ({"source": 7}, "source"),
    ({"id": ""}, "id"),
    ({"id": "x" * 513}, "id"),
    ({"id": "a\nb"}, "id"),
    ({"id": 7}, "id"),
    ({"metadata": ["a"]}, "metadata"),
    ({"metadata": {"t": AWARE}}, "metadata.t"),
    ({"metadata": {"a": {"b": [1, {"c": float("nan")}]}}}, "metadata.a.b.c"),
    ({"metadata": {"n": 2**63}}, "metadata.n"),
    ({"metadata": NESTED}, "metadata.a.a"),
    ({"metadata": {"f": np.float32(1)}}, "metadata.f"),
    ({"metadata": {"s": {1, 2}}}, "metadata.s"),
    ({"metadata": {"t": (1, 2)}}, "metadata.t"),
    ({"metadata": {7: "x"}}, "7"),
    ({"metadata": {"b": b"x"}}, "metadata.b"),
    ({"metadata": {"m": MappingProxyType({})}}, "metadata.m"),
    ({"metadata": {"u": "\ud800"}}, "metadata.u"),
]


@pytest.mark.parametrize(("fields", "word"), WRONG_RECORDS)
def test_a_record_of_the_wrong_kind_is_refused(
    shared: Memory, fields: dict[str, Any], word: str
) -> None:
    """The field is named, and nothing is kept."""
    given = {"text": "x", **fields} if fields and "percepts" not in fields else dict(fields)
    percepts = given.pop("percepts", ())
    with pytest.raises(RecordError) as caught:
        shared.remember(*percepts, **given)
    told(caught.value, word)
    if "ttl" not in given:
        report = shared.remember_many([Moment(tuple(percepts), **given)])
        assert [type(failure.error) for failure in report.failures] == [RecordError]
    assert shared.count() == 1


# Asking

WRONG_QUESTIONS: list[tuple[dict[str, Any], type[SensoriumError], str]] = [
    ({}, QueryError, "without a question"),
    ({"query": ""}, QueryError, "question"),
    ({"query": "  "}, QueryError, "question"),
    ({"query": []}, QueryError, "without parts"),
    ({"query": ["dog", ""]}, QueryError, "question"),
    ({"query": 7}, QueryError, "int"),
    ({"query": b"dog"}, QueryError, "bytes"),
    ({"query": np.zeros(64, np.float32)}, QueryError, "zero"),
    ({"query": np.ones(63, np.float32)}, QueryError, "64"),
    ({"query": np.full(64, np.nan, np.float32)}, QueryError, "finite"),
    ({"query": ["dog", "cat"], "weights": [1]}, QueryError, "weights"),
    ({"query": "dog", "weights": [float("inf")]}, QueryError, "weights"),
    ({"query": "dog", "weights": ["x"]}, QueryError, "weights"),
    ({"like": "dog", "weights": [1]}, QueryError, "weights"),
    ({"query": sound("unreadable")}, BatchError, "unreadable"),
    ({"query": "dog", "like": "dog"}, QueryError, "like"),
    ({"like": "nobody"}, RecordNotFoundError, "nobody"),
    ({"like": ""}, RecordError, "id"),
    ({"query": "dog", "limit": 0}, QueryError, "limit"),
    ({"query": "dog", "limit": 2.5}, QueryError, "limit"),
    ({"query": "dog", "limit": True}, QueryError, "limit"),
    ({"query": "dog", "limit": 10**9}, QueryError, "limit"),
    ({"query": "dog", "modalities": "audio"}, QueryError, "modalities"),
    ({"query": "dog", "modalities": []}, QueryError, "modalities"),
    ({"query": "dog", "modalities": ["smell"]}, UnsupportedModalityError, "smell"),
    ({"query": "dog", "ranking": "best"}, QueryError, "ranking"),
    ({"query": "dog", "min_confidence": 50}, QueryError, "write min_confidence=0.2"),
    ({"query": "dog", "min_confidence": "high"}, QueryError, "min_confidence"),
    ({"query": "dog", "diversity": -0.1}, QueryError, "diversity"),
    ({"query": "dog", "diversity": float("nan")}, QueryError, "diversity"),
    ({"query": "dog", "half_life": timedelta(0)}, QueryError, "half_life"),
    ({"query": "dog", "half_life": 7}, QueryError, "write half_life=timedelta("),
    ({"keywords": " "}, QueryError, "keywords"),
    ({"keywords": 7}, QueryError, "keywords"),
    ({"keywords": ["ferry"]}, QueryError, "one text"),
]


@pytest.mark.parametrize(("asked", "kind", "word"), WRONG_QUESTIONS)
def test_a_question_that_cannot_be_answered_is_refused(
    shared: Memory, asked: dict[str, Any], kind: type[SensoriumError], word: str
) -> None:
    """Each has its error, which names the argument."""
    with pytest.raises(kind) as caught:
        shared.recall(**asked)
    told(caught.value, word)


WRONG_CALLS: dict[str, tuple[Callable[[Memory], object], type[SensoriumError], str]] = {
    "get an empty id": (lambda memory: memory.get(""), RecordError, "id=''"),
    "get many, one without a name": (lambda memory: memory.get_many([""]), RecordError, "id=''"),
    "forget an empty id": (lambda memory: memory.forget(""), RecordError, "id=''"),
    "forget a list of ids": (
        lambda memory: memory.forget(["dog"]),  # type: ignore[call-overload]  # the mistake
        RecordError,
        "forget(*ids)",
    ),
    "update an empty id": (lambda memory: memory.update("", tags=[]), RecordError, "id=''"),
    "update what is not there": (
        lambda memory: memory.update("nobody", tags=[]),
        RecordNotFoundError,
        "nobody",
    ),
    "an empty page": (lambda memory: memory.timeline(limit=0), QueryError, "cursor="),
    "a page of half a record": (
        lambda memory: memory.timeline(limit=0.5),  # type: ignore[arg-type]  # the mistake
        QueryError,
        "whole number",
    ),
    "no values at all": (lambda memory: memory.tally("tags", limit=0), QueryError, "limit=0"),
    "a tally of text": (lambda memory: memory.tally("text"), QueryError, "tags, source"),
    "a number as an encoder": (
        lambda memory: memory.reembed(5),  # type: ignore[arg-type]  # the mistake
        UnknownEncoderError,
        "of type int",
    ),
    "an unknown encoder": (
        lambda memory: memory.reembed("no-such"),
        UnknownEncoderError,
        "no-such",
    ),
    "rows that are no dictionary": (
        lambda memory: memory.update("dog", vectors=5),  # type: ignore[arg-type]  # the mistake
        RecordError,
        "vectors=5",
    ),
    "rows of an unknown modality": (
        lambda memory: memory.update("dog", vectors={"smell": [1.0]}),
        RecordError,
        "smell",
    ),
    "a stream of an unknown modality": (
        lambda memory: memory.stream("smell"),
        UnsupportedModalityError,
        "smell",
    ),
    "a medium that was not kept": (
        lambda memory: memory.open_medium(Medium("audio", "digest")),
        MediaNotFoundError,
        "audio",
    ),
    "an export that is not there": (
        lambda memory: memory.import_("/nowhere"),
        ExportFormatError,
        "manifest.json",
    ),
    "promoted to nowhere": (lambda memory: memory.promote(""), StoreFormatError, "a folder"),
    "another owner without a name": (lambda memory: memory.for_owner(""), OwnerError, "owner"),
}


@pytest.mark.parametrize(("call", "kind", "word"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_a_wrong_call_of_any_method_has_its_error(
    shared: Memory, call: Callable[[Memory], object], kind: type[SensoriumError], word: str
) -> None:
    """As the method's Raises section says; and nothing is changed."""
    with pytest.raises(kind) as caught:
        call(shared)
    told(caught.value, word)
    assert shared.get("dog").tags == ("t",)


def test_forget_wants_to_know_what(shared: Memory) -> None:
    """Without an id or a condition it removes nothing; nor by an age that is none."""
    for options in ({}, {"media_only": True}, {"older_than": 7}, {"older_than": timedelta(-1)}):
        with pytest.raises(QueryError) as caught:
            shared.forget(**options)
        told(caught.value, "forget" if "older_than" not in options else "older_than")
    assert shared.count() == 1


@pytest.mark.parametrize("cursor", ["nonsense", "WzEsIDJd", "é"])
def test_a_cursor_is_one_that_a_page_gave(shared: Memory, cursor: str) -> None:
    """Another is refused."""
    with pytest.raises(FilterError, match="cursor"):
        shared.timeline(cursor=cursor)


@pytest.mark.parametrize("quota", ["1 GB", -1, 1.5, True])
def test_a_quota_is_a_number_of_bytes(folder: Path, quota: Any) -> None:
    """Another one is refused at the opening, not by the first percept that is kept."""
    with pytest.raises(ArgumentTypeError) as caught:
        open_it(folder, media_quota=quota)
    told(caught.value, "media_quota", "bytes")
    intact(folder)


@pytest.mark.parametrize("place", ["folder", ":memory:"])
def test_nothing_works_after_close(folder: Path, place: str) -> None:
    """Every call says that the memory is closed; closing again does nothing."""
    memory = open_it(folder if place == "folder" else place)
    memory.close()
    memory.close()
    calls: list[Callable[[], object]] = [
        lambda: memory.remember(picture("dog")),
        lambda: memory.remember_many([picture("dog")]),
        lambda: memory.recall("dog"),
        lambda: memory.get("dog"),
        memory.timeline,
        memory.count,
        memory.stats,
        lambda: memory.update("dog", tags=["x"]),
        lambda: memory.forget("dog"),
        lambda: memory.forget(everything=True),
        memory.sweep,
        memory.flush,
        memory.compact,
    ]
    for call in calls:
        with pytest.raises(StoreClosedError) as caught:
            call()
        told(caught.value, "close")
    assert issubclass(StoreClosedError, StoreError)
    intact(folder)
