"""Vectors made elsewhere: kept as they are given, with or without the content they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.planted import D, House, PlantedEncoder, direction, house, picture, sound

from sensorium.encoders import Encoding
from sensorium.errors import (
    MediaNotFoundError,
    QueryError,
    RecordError,
    SensoriumError,
    VectorError,
)
from sensorium.memory import Memory, Moment
from sensorium.percepts import Percept


class IdleEncoder(PlantedEncoder):
    """Counts what it is asked to encode."""

    def __init__(self) -> None:
        super().__init__()
        self.encoded = 0

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        self.encoded += len(percepts)
        return super().try_encode(percepts)


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("house"), PlantedEncoder()) as built:
        yield built


@pytest.fixture
def encoder() -> IdleEncoder:
    return IdleEncoder()


@pytest.fixture
def memory(home: House, encoder: IdleEncoder, request: pytest.FixtureRequest) -> Memory:
    return home.memory(request.node.name, encoder)


def test_nothing_is_encoded(memory: Memory, encoder: IdleEncoder) -> None:
    """A record with vectors is found by them, not by what its content would have given."""
    memory.remember(
        picture("dog"),
        text="a cat",
        vectors={"image": 3 * direction("sea"), "text": direction("sun")},
    )
    assert encoder.encoded == 0
    [by_image] = memory.recall(direction("sea"), ranking="raw", limit=1)
    assert (by_image.modality, by_image.record.text) == ("image", "a cat")
    assert by_image.similarity == pytest.approx(1, abs=2e-3)
    assert by_image.medium is not None
    assert memory.open_medium(by_image.medium).modality == "image"
    [by_text] = memory.recall("sun", limit=1)
    assert by_text.modality == "text"
    assert by_text.similarity == pytest.approx(1, abs=2e-3)


def test_a_hit_brings_the_row_that_matched(memory: Memory) -> None:
    """Of several rows, the nearest; of unit length, whatever length was given."""
    rows = np.stack([direction("dog"), 5 * direction("sea"), direction("sun")])
    memory.remember(id="many", text="three things", vectors={"text": rows})
    [hit] = memory.recall("sea")
    assert hit.vector is not None
    np.testing.assert_allclose(hit.vector, direction("sea"), atol=2e-3)
    [words] = memory.recall(keywords="things")
    assert words.vector is None
    assert "vector" not in hit.to_dict()


def test_without_vectors_a_record_is_only_read(memory: Memory, encoder: IdleEncoder) -> None:
    """`vectors={}` is found by id, time, filters and words, never by likeness; it may be bare."""
    memory.remember(text="silent words", metadata={"room": "attic"}, vectors={})
    memory.remember(id="bare", metadata={"only": "this"}, vectors={})
    assert encoder.encoded == 0
    assert memory.recall("silent words") == []
    assert memory.recall(keywords="silent")[0].record.metadata == {"room": "attic"}
    assert memory.count(where={"room": "attic"}) == 1
    bare = memory.get("bare")
    assert (bare.text, bare.metadata, bare.modalities, bare.media) == ("", {"only": "this"}, (), ())
    assert {record.id for record in memory.timeline()} >= {"bare"}
    assert memory.update("bare", metadata={"now": "that"}).metadata == {"now": "that"}
    assert memory.update("bare", text="spoken").modalities == ("text",)
    assert memory.recall("spoken")[0].record.id == "bare"


def test_a_batch_mixes_both(memory: Memory, encoder: IdleEncoder) -> None:
    """Moments with and without vectors go together; each bad one fails alone."""
    report = memory.remember_many(
        [
            Moment(text="dog"),
            Moment(text="whatever", vectors={"text": direction("sea")}),
            Moment(text="wrong", vectors={"text": np.zeros(D)}),
            Moment(vectors={"text": direction("sun")}),
            Moment(picture("cat")),
        ]
    )
    assert (report.new, encoder.encoded) == (3, 2)
    assert {failure.index: type(failure.error) for failure in report.failures} == {
        2: VectorError,
        3: RecordError,
    }
    assert memory.recall("sea")[0].record.text == "whatever"


def test_other_vectors_of_the_same_words_replace(memory: Memory) -> None:
    """A given id with other vectors is not known: they are what is found afterwards."""
    first = memory.remember(id="a", text="same", vectors={"text": direction("dog")})
    again = memory.remember(id="a", text="same", vectors={"text": direction("sea")})
    assert (first.status, again.status) == ("new", "replaced")
    assert memory.recall("sea")[0].similarity == pytest.approx(1, abs=2e-3)
    assert memory.count() == 1


def test_an_update_takes_the_place_of_its_senses_only(memory: Memory, encoder: IdleEncoder) -> None:
    """One sense's rows and percepts are replaced, with their files; the others stay."""
    memory.remember(
        picture("old"),
        sound("bark|bark"),
        id="a",
        text="words",
        vectors={"image": direction("dog"), "text": direction("sun"), "audio": direction("bark")},
    )
    before = {medium.modality: medium for medium in memory.get("a").media}
    record = memory.update("a", picture("new"), vectors={"image": direction("sea")})
    after = {medium.modality: medium for medium in record.media}
    assert encoder.encoded == 0
    assert after["audio"] == before["audio"]
    assert after["image"].digest == picture("new").digest
    assert len(record.media) == 3
    with pytest.raises(MediaNotFoundError):
        memory.open_medium(before["image"])
    assert record.text == "words"
    found = {word: memory.recall(direction(word), limit=1)[0] for word in ("sea", "sun", "bark")}
    assert {word: hit.modality for word, hit in found.items()} == {
        "sea": "image",
        "sun": "text",
        "bark": "audio",
    }
    assert all(hit.similarity == pytest.approx(1, abs=2e-3) for hit in found.values())
    assert memory.recall(direction("dog"), limit=1)[0].similarity < 0.6  # type: ignore[operator]
    renamed = memory.update("a", text="other words", vectors={"text": direction("moon")})
    assert renamed.text == "other words"
    assert memory.recall("moon", limit=1)[0].record.modalities == ("audio", "image", "text")


def test_none_removes_the_rows_of_a_sense(memory: Memory) -> None:
    """The record stays, with its words and files, and is not found by that sense any more."""
    rows = {"image": direction("sea"), "text": direction("sun")}
    memory.remember(picture("dog"), id="x", text="a cat", vectors=rows)
    changed = memory.update("x", vectors={"image": None, "audio": None})
    assert (changed.modalities, changed.text) == (("text",), "a cat")
    assert memory.get("x") == changed
    assert memory.recall("sea", modalities=["image"]) == []
    [hit] = memory.recall("sun", ranking="raw")
    assert hit.similarity == pytest.approx(1, abs=2e-3)
    assert [percept.modality for percept in memory.percepts(changed)] == ["text", "image"]
    with pytest.raises(VectorError, match=r"shape|length|NaN"):
        memory.remember(id="y", text="a cow", vectors={"text": None})  # type: ignore[dict-item]


def test_more_percepts_can_join_afterwards(memory: Memory) -> None:
    """An ordinary update adds its rows behind those that were given."""
    memory.remember(
        id="a", text="words", vectors={"text": np.stack([direction("x"), direction("y")])}
    )
    memory.remember(id="b", text="quiet", vectors={})
    for name in ("a", "b"):
        memory.update(name, picture("sea"), sound("dog|cat"))
        hit = next(hit for hit in memory.recall("cat") if hit.record.id == name)
        assert (hit.modality, hit.span and hit.span.start) == ("audio", 1.0)


@pytest.mark.parametrize(
    ("vectors", "error", "words"),
    [
        ({"text": np.ones(D - 1)}, VectorError, "shape"),
        ({"text": np.ones((2, 2, D))}, VectorError, "shape"),
        ({"text": np.zeros((0, D))}, VectorError, "shape"),
        ({"image": np.ones((2, D))}, VectorError, r"\(1, 64\)"),
        ({"text": [np.nan] * D}, VectorError, "NaN"),
        ({"text": [0.0] * D}, VectorError, "length"),
        ({"text": "words"}, VectorError, "numbers"),
        ({"smell": np.ones(D)}, RecordError, "smell"),
        ([np.ones(D)], RecordError, "by modality"),
    ],
)
def test_wrong_vectors_are_refused(
    memory: Memory, vectors: Any, error: type[Exception], words: str
) -> None:
    """Each with its error; nothing is kept, and an update changes nothing."""
    memory.remember(id="there", text="as it was")
    with pytest.raises(error, match=words):
        memory.remember(id="new", text="t", vectors=vectors)
    with pytest.raises(error, match=words):
        memory.update("there", vectors=vectors)
    assert [record.text for record in memory.timeline()] == ["as it was"]


def test_many_are_read_in_the_order_asked_for(memory: Memory, home: House) -> None:
    """What is not there, has expired or is another owner's is left out; no id is read twice."""
    for name in ("1", "foo", "é", "x" * 512):
        memory.remember(id=name, text=f"text of {name[:3]}")
    derived = memory.remember(text="no id").id
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    memory.remember(id="late", text="late", expires_at=past)
    home.memory("somebody else", PlantedEncoder()).remember(id="hers", text="hers")
    asked = ["foo", "hers", derived, "nowhere", "x" * 512, "late", "1", "foo", "é"]
    found = [record.id for record in memory.get_many(asked)]
    assert found == ["foo", derived, "x" * 512, "1", "é"]
    assert memory.get_many([]) == []
    assert memory.get_many(iter(["1"]))[0].id == "1"
    assert len(memory.get_many(str(number) for number in range(1000))) == 1
    with pytest.raises(RecordError):
        memory.get_many(["1", ""])
    assert memory.forget(*asked) == 6  # the expired one, too
    assert memory.count() == 0


def test_a_tally_counts_this_owners_values(memory: Memory, home: House) -> None:
    """Most frequent first, filtered like everything else."""
    memory.remember(text="a", tags=["x", "y"], source="s.one")
    memory.remember(text="b", tags=["x"], source="s.two")
    memory.remember(picture("c"), source="s.two")
    home.memory("somebody else", PlantedEncoder()).remember(text="d", tags=["z"])
    assert memory.tally("tags") == {"x": 2, "y": 1}
    assert list(memory.tally("source").items()) == [("s.two", 2), ("s.one", 1)]
    assert memory.tally("modalities", tags=["x"]) == {"text": 2}
    assert len(memory.tally("source", limit=1)) == 1
    with pytest.raises(QueryError, match="one of tags"):
        memory.tally("owner")


def test_they_travel(memory: Memory, tmp_path: Path, encoder: IdleEncoder) -> None:
    """Export and import keep the rows; re-embedding says what it cannot make anew."""
    memory.remember(
        id="rows", text="w", vectors={"text": np.stack([direction("x"), direction("y")])}
    )
    memory.remember(id="bare", metadata={"a": 1}, vectors={})
    memory.export(tmp_path / "out")
    with Memory.open(":memory:", owner="other", encoder=encoder) as copy:
        copy.import_(tmp_path / "out")
        assert copy.recall("y")[0].similarity == pytest.approx(1, abs=2e-3)
        assert copy.get("bare").metadata == {"a": 1}
        assert encoder.encoded == 1  # the question
        copy.remember(id="lost", vectors={"image": direction("z")})
        with pytest.raises(RecordError, match=r"1 records that cannot be made anew.*image was not"):
            copy.reembed(PlantedEncoder(model="another"))
