"""Memories and errors in words for a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from tests.support.planted import PlantedEncoder, sound

from sensorium import errors
from sensorium.agents.arguments import Recall, Remember
from sensorium.agents.limits import LONGEST_TEXT
from sensorium.agents.wording import (
    WHERE,
    confidence_words,
    cut,
    hit_line,
    is_unlikely,
    memories,
    quoted,
    refused,
    related_line,
    told,
    worded,
)
from sensorium.enrich.found import Origin
from sensorium.errors import (
    BatchError,
    QueryError,
    ReadOnlyError,
    SensoriumError,
    StoreUnavailableError,
    ToolArgumentError,
    UnitError,
)
from sensorium.memory import Memory
from sensorium.memory.lengths import EXAMPLES, parse_span

NOON = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def memory() -> Iterator[Memory]:
    encoder = PlantedEncoder(background=True)
    with Memory.open(":memory:", owner="rex", encoder=encoder) as opened:
        yield opened


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, SensoriumError)
        and kind is not ToolArgumentError  # worded for a model where it is raised
    ],
)
def test_no_remedy_is_python(kind: type[SensoriumError]) -> None:
    """Whatever an error of ours advises, what is told is advice for an agent."""
    more: Any = {"BatchError": ({}, []), "CheckpointKeyError": ([], [])}.get(kind.__name__, ())
    remedy = "write Depth(path, unit='mm', limits=Limits(max_bytes=1)) or memory.forget(None)"
    text = told(kind("fx=None for a map", "fx=<pixels>", remedy, *more))
    assert "Depth(" not in text
    assert "fx=" not in text


def test_a_batch_is_told_by_its_first_failure() -> None:
    """The part that failed is named, not the batch."""
    inner = StoreUnavailableError("this one", "another", "wait")
    error = BatchError("a batch", "all", "see .failures", {1: inner}, [None, None, None])
    assert told(error).startswith("this one; needed another")
    assert "part 2 of 3" in told(error)


def test_a_memory_that_is_only_read_is_not_tried_again() -> None:
    """Other failures of a store may pass; this one does not."""
    assert "do not try again" in told(ReadOnlyError("a change", "a memory to write", "open it so"))


def test_what_is_worded_stays_as_it_is() -> None:
    """An error that was worded for a model is not worded twice."""
    error = ToolArgumentError("media[0]: fx=None", "mime_type", "call Depth(path, fx=1)")
    assert worded(error) is error
    assert told(error) == str(error)


@pytest.mark.parametrize("modality", ["depth", "thermal", "imu"])
def test_missing_units_are_asked_for_by_example(modality: str) -> None:
    """The required units of the modality stand in the remedy, with an example and their meaning."""
    error = UnitError("a file", "its units", "say them")
    text = told(error, modality=modality)
    assert f"give modality {modality} with units such as {{" in text
    example = json.loads(text[text.index("{") : text.index("}") + 1])
    assert (
        example
        == {
            "depth": {"unit": "mm", "fx": 525},
            "thermal": {"unit": "celsius"},
            "imu": {"accel": "m/s^2", "gyro": "rad/s"},
        }[modality]
    )
    assert "accel: unit of the acceleration" in told(UnitError("imu without accel", "it", "so"))
    assert "say the modality" in told(UnitError("a picture of 16 bits", "it", "so"))


def problem(model: type[Recall] | type[Remember], **arguments: object) -> str:
    """What a model is told of arguments that are refused."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate(arguments)
    return refused(caught.value)


def test_refused_arguments_are_named() -> None:
    """Each line says which argument was what, and what it should be."""
    assert problem(Recall, query="x", limit=0) == (
        "limit was 0; needed greater than or equal to 1; correct it and call again"
    )
    assert problem(Recall, colour="red").startswith("the unknown argument colour; needed only")
    assert problem(Remember, at="2026-07-01T12:00:00").startswith(
        'at was "2026-07-01T12:00:00", without a zone; needed a time with its zone'
    )
    assert problem(Remember, text=["x" * 200]).startswith('text was ["xxx')
    assert "media[1].samples[0]" in problem(
        Remember, media=[{"data": "AAAA"}, {"samples": [[1.0]]}]
    )
    many = problem(Recall, query=1, like=2, limit=0, source=3, keywords=4)
    assert len(many.splitlines()) == 4
    assert many.endswith("and 2 more")


def test_long_values_are_cut() -> None:
    """A value is shown as JSON, its beginning and its length if it is long."""
    assert quoted({"a": [1, None]}) == '{"a": [1, null]}'
    assert quoted(object()) == '"object"'
    assert quoted("x" * 500) == '"' + "x" * 79 + "... (502 characters)"
    assert cut("x" * LONGEST_TEXT, "(cut)") == "x" * LONGEST_TEXT
    assert cut("x" * (LONGEST_TEXT + 1), "(cut)") == "x" * LONGEST_TEXT + "... (cut)"


def test_a_hit_is_one_line(memory: Memory) -> None:
    """It has the time, what matched and where, the confidence, the tags, the id and the text."""
    memory.remember(sound("sea|dog"), text="a note", at=NOON, tags=["a", "b"], id="one")
    [hit] = memory.recall("dog", modalities=["audio"])
    assert hit_line(hit) == (
        f"2026-07-01 12:00:00 UTC, audio at 1.0 to 2.0 s, "
        f'{confidence_words(hit)}, tags a, b (id one): "a note"'
    )
    [hit] = memory.recall("note", modalities=["text"])
    assert hit_line(hit).startswith("2026-07-01 12:00:00 UTC, text, confidence")
    memory.remember(sound("moon"), id="two", at=NOON)
    [hit, *_] = memory.recall("moon", modalities=["audio"])
    assert hit_line(hit).endswith("(id two)")


def test_a_long_text_is_cut_in_a_hit(memory: Memory) -> None:
    """A model reads the beginning of a long text, and that it is cut."""
    memory.remember(text="dog " * 5000)
    [hit] = memory.recall("dog")
    line = hit_line(hit)
    assert line.endswith('... (cut)"')
    assert len(line) < LONGEST_TEXT + 200


def test_coincidence_is_unlikely(memory: Memory) -> None:
    """A confidence below one half is probably coincidence."""
    for text in ("dog", "tax"):
        memory.remember(text=text)
    likely, unlikely = memory.recall("dog")
    assert not is_unlikely(likely)
    assert is_unlikely(unlikely)
    assert related_line([likely, unlikely]) == related_line([]) == []
    assert related_line([unlikely]) == ["nothing here is probably related; these are the nearest"]
    assert related_line([unlikely], keywords=True) == []


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (0.93, "confidence 0.93, sure"),
        (0.62, "confidence 0.62, uncertain"),
        (0.1999, "confidence 0.19, probably unrelated"),
        (None, "not calibrated"),
    ],
)
def test_a_confidence_is_told_in_words(
    memory: Memory, confidence: float | None, words: str
) -> None:
    """The words follow the number; a memory that has the words asked for is not unrelated."""
    memory.remember(text="dog")
    hit = replace(memory.recall("dog")[0], confidence=confidence)
    assert confidence_words(hit) == words
    assert f", {words}" in hit_line(hit) or confidence is None
    assert "unrelated" not in confidence_words(hit, keywords=True) + hit_line(hit, keywords=True)


def test_few_memories_are_counted() -> None:
    """One is no "memories"."""
    assert [memories(count) for count in (0, 1, 2)] == ["0 memories", "1 memory", "2 memories"]


def test_each_origin_of_words_has_a_name() -> None:
    """A model is told where words come from that were found in a percept."""
    assert set(WHERE) == set(get_args(Origin))


@pytest.mark.parametrize(
    ("argument", "field"),
    [("older_than", "older_than"), ("ttl", "ttl"), ("within", "within"), ("apart", "within")],
)
def test_a_length_is_a_field_of_the_call(argument: str, field: str) -> None:
    """And no unit of a signal; by the name that a tool and REST give it."""
    with pytest.raises(QueryError) as raised:
        parse_span("banana", name=argument)
    error = worded(raised.value)
    assert error.came == f'{field} "banana"'
    assert error.remedy == f'write {field} "{EXAMPLES[argument]}"'
