"""A record as a payload, and back: text, metadata, times, and whose rows are whose."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.memories import (
    NOON,
    everything,
)
from tests.support.planted import (
    MAKERS,
    STILLS,
    picture,
    sound,
    words,
)

from sensorium.memory import Memory, Record
from sensorium.percepts import Span
from sensorium.qdrant import Filter, Range


def test_what_a_later_release_says_of_a_percept_is_passed_over(memory: Memory) -> None:
    """A key that is not known yet does not cost the record."""
    memory.remember(picture("dog"), id="x")
    [point] = everything(memory)
    media = [{**point["media"][0], "colour": "brown"}]
    memory.backend.set_payload(Filter(memory.owner), {"media": media})
    assert memory.get("x").media[0].modality == "image"
    memory.update("x", sound("bark"))
    assert memory.forget("x", media_only=True) == 1


def test_metadata_comes_back_exactly(memory: Memory) -> None:
    """Nested, unicode, empty, false and null values are kept and can be filtered by."""
    metadata = {
        "дом": "кухня\u0000\u2028😀",
        "nested": {"deep": [1, {"x": [None, True, "z"]}], "on": False, "n": -(2**62)},
        "float": 0.1,
        "none": None,
        "empty": {},
        "nothing": [],
        "zero": 0,
    }
    made = memory.remember(picture("dog"), metadata=metadata)
    memory.remember(picture("cat"), metadata={"zero": 1, "nested": {"on": True}})
    assert memory.get(made.id).metadata == metadata
    for where in ({"nested.on": False}, {"zero": [0, 7]}, {"float": 0.1}, {"дом": metadata["дом"]}):
        assert [r.id for r in memory.timeline(where=where)] == [made.id]
    assert memory.count(where=Range("metadata.zero", gte=0)) == 2
    assert memory.count(where={"nested.on": "false"}) == 0


def test_texts_are_joined_with_their_spans(memory: Memory) -> None:
    """The record's text holds every text; a span cuts the words that matched out of it."""
    texts = ["the dog|barks", "по-русски|снег", "the end"]
    made = memory.remember(words(texts[1]), words(texts[2]), text=texts[0])
    record = memory.get(made.id)
    assert record.text == "\n".join(texts)
    for said in ("barks", "снег", "the end"):
        [hit] = memory.recall(said, limit=1)
        assert hit.span is not None
        assert record.text[int(hit.span.start) : int(hit.span.end)] == said


def test_one_plain_text_has_its_span(memory: Memory) -> None:
    """A text of one window is matched from its start to its end."""
    memory.remember(text="the dog")
    assert memory.recall("dog")[0].span == Span(0, 7)


def test_times_of_a_record(memory: Memory) -> None:
    """It begins at its earliest percept and ends where its last one does."""
    made = memory.remember(sound("a|b|c", at=NOON), picture("dog", at=NOON + timedelta(seconds=9)))
    record = memory.get(made.id)
    assert (record.at, record.until) == (NOON, NOON + timedelta(seconds=3))
    assert memory.get(memory.remember(picture("dog"), at=NOON).id).until == NOON


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(sorted(MAKERS)),
        st.sampled_from(["dog", "cat|cow", "sea|sun|sky", "x|" * 5 + "y"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(RECORDS, RECORDS, st.data())
def test_rows_of_media_are_the_rows_stored(
    memory: Memory, first: list[tuple[str, str]], more: list[tuple[str, str]], data: st.DataObject
) -> None:
    """However a record came about, its media account for every row of its points, once."""
    made = [MAKERS[name](said if name not in STILLS else said[:3]) for name, said in first]
    added = [MAKERS[name](said if name not in STILLS else said[:3]) for name, said in more]
    memory.remember(*made, id="r")
    record = memory.update("r", *added) if data.draw(st.booleans()) else memory.get("r")
    assert accounted(memory, record) == stored_rows(memory)
    assert memory.count() == 1


def accounted(memory: Memory, record: Record) -> dict[str, int]:
    """Rows of each modality by what a record lists, which must follow each other."""
    rows: dict[str, int] = {} if record.media else {"text": 1}
    for medium in record.media:
        assert medium.row == rows.get(medium.modality, 0)
        rows[medium.modality] = medium.row + medium.rows
        if medium.spans:
            assert len(medium.spans) == medium.rows
    return rows


def stored_rows(memory: Memory) -> dict[str, int]:
    """Rows of each modality in the store."""
    rows: dict[str, int] = {}
    for point in everything(memory):
        for name in set(MAKERS) & set(point):
            rows[name] = rows.get(name, 0) + len(point[name])
    return rows
