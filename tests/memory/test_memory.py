"""Remembering, changing and forgetting: what is kept is what was given, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.planted import (
    MAKERS,
    STILLS,
    House,
    PlantedEncoder,
    depth,
    house,
    motion,
    picture,
    sound,
    thermal,
    words,
)

from sensorium.errors import (
    BatchError,
    MediaNotFoundError,
    PerceptTooShortError,
    RecordError,
    RecordNotFoundError,
)
from sensorium.memory import Memory, Moment, Record
from sensorium.percepts import Audio, Image, Span
from sensorium.qdrant import Filter, Range
from sensorium.qdrant.schema import ROWS

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
MANY = 2500  # windows: three points
NOISE = "|".join(f"n{i}" for i in range(MANY))
ENCODER = PlantedEncoder()


@pytest.fixture(scope="module", params=["edge", "client"])
def home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with house(request.param, tmp_path_factory.mktemp("home"), ENCODER) as built:
        yield built


@pytest.fixture
def memory(home: House) -> Memory:
    """The memory of an owner who was not there before, in a store with others."""
    return home.memory(str(uuid4()), ENCODER)


def files(memory: Memory) -> set[str]:
    """What the media store holds."""
    assert memory._shelf.media is not None
    return set(memory._shelf.media.names())


def everything(memory: Memory) -> list[dict[str, Any]]:
    """Every point of the owner, with vectors."""
    page = memory.backend.scroll(Filter(memory.owner, parts=True), limit=1000, vectors=True)
    return [
        {"id": p.id, **p.payload, **{n: rows.tolist() for n, rows in p.vectors.items()}}
        for p in sorted(page.points, key=lambda p: p.id)
    ]


def parts(memory: Memory) -> int:
    """Points beyond those of the records."""
    mine = memory.backend.count(Filter(memory.owner, parts=True))
    return mine - memory.backend.count(Filter(memory.owner))


def found(memory: Memory, question: str, **options: Any) -> str:
    """The id of the best hit."""
    return memory.recall(question, limit=1, **options)[0].record.id


def long_ago(memory: Memory) -> None:
    """Make all kept files old enough to be swept."""
    media = memory._shelf.media
    assert media is not None
    for name in media.names():
        path = media.path(name)
        assert path is not None
        os.utime(path, (1e9, 1e9))


# Remembering


def test_moments_without_a_time_keep_their_order(memory: Memory) -> None:
    """In one call or in several, the timeline has them as they were remembered."""
    memory.remember_many([Moment(text=f"a{i}") for i in range(5)])
    memory.remember(text="b")
    memory.remember_many([Moment(text=f"c{i}") for i in range(3)])
    said = [record.text for record in memory.timeline(newest_first=False)]
    assert said == ["a0", "a1", "a2", "a3", "a4", "b", "c0", "c1", "c2"]


def test_the_same_content_is_known(memory: Memory) -> None:
    """Remembering twice is one record: the second time nothing changes, and it says so."""
    first = memory.remember(picture("dog"), sound("bark"), text="Rex", metadata={"n": 1})
    before = everything(memory)
    again = memory.remember(sound("bark"), picture("dog"), text="Rex", metadata={"n": 2})
    assert (first.status, again.status) == ("new", "known")
    assert (first.new, again.new) == (True, False)
    assert again.id == first.id
    assert everything(memory) == before


def test_another_time_is_another_memory(memory: Memory) -> None:
    """The stated time counts, of the record or of its percepts; the same instant is the same."""
    ids = {
        memory.remember(picture("dog"), at=at).id for at in (None, NOON, NOON + HOUR, NOON - HOUR)
    }
    assert len(ids) == 4
    berlin = NOON.astimezone(timezone(2 * HOUR))
    assert memory.remember(picture("dog"), at=berlin).status == "known"
    assert memory.remember(picture("dog", at=NOON)).status == "known"
    assert memory.count() == 4


@pytest.mark.parametrize(
    "name", ["a", "ключ 🗝", "a/b\\..", "x" * 512, "0b6c3e0a-2f55-4a5c-9d4e-6f1f5d0c7a11"]
)
def test_an_id_is_any_text_and_replaces(memory: Memory, name: str) -> None:
    """A record of a given id is replaced whole, and it says so."""
    assert memory.remember(picture("dog"), tags=["old"], id=name).status == "new"
    replaced = memory.remember(sound("bark"), id=name)
    assert (replaced.id, replaced.status) == (name, "replaced")
    record = memory.get(name)
    assert (record.modalities, record.tags, memory.count()) == (("audio",), (), 1)


def test_the_id_of_a_record_names_it_in_remember_too(memory: Memory) -> None:
    """An id that was derived from content replaces that record: no two records have one id."""
    derived = memory.remember(picture("dog")).id
    assert memory.remember(sound("bark"), id=derived).status == "replaced"
    assert memory.count() == 1
    assert memory.get(derived).modalities == ("audio",)


def test_a_replaced_record_leaves_no_parts(memory: Memory) -> None:
    """Points that continued what stood under the id are gone."""
    memory.remember(sound(NOISE), id="a")
    assert parts(memory) == 2
    memory.remember(sound("bark"), id="a")
    assert parts(memory) == 0
    assert memory.recall("n2300", limit=1)[0].span == Span(0, 1)


def test_a_record_holds_several_percepts(memory: Memory) -> None:
    """Each sense is kept with its rows, and found by what it means."""
    percepts = [make(f"{name}thing") for name, make in MAKERS.items()]
    made = memory.remember(*percepts)
    record = memory.get(made.id)
    assert record.modalities == tuple(sorted(MAKERS))
    for name in MAKERS:
        [hit] = memory.recall(f"{name}thing", limit=1)
        assert (hit.record.id, hit.modality) == (made.id, name)


def test_stills_of_one_modality_continue_in_parts(memory: Memory) -> None:
    """Several pictures are one record; each is found, and the hit names it."""
    made = memory.remember(picture("dog"), picture("cat"), picture("cow"), depth("floor"))
    assert memory.count() == 1
    assert parts(memory) == 2
    for index, name in enumerate(("dog", "cat", "cow")):
        [hit] = memory.recall(name, limit=1)
        assert (hit.record.id, hit.modality, hit.span) == (made.id, "image", None)
        assert hit.medium is not None
        assert (hit.medium.row, hit.medium.uri) == (index, f"planted:{name}")


def test_a_long_recording_is_one_record(memory: Memory) -> None:
    """Beyond 1,023 windows nothing shows but the spans: count, timeline and get see one record."""
    made = memory.remember(sound("start|" + NOISE), sound("other|end"), tags=["long"], at=NOON)
    assert parts(memory) == MANY // ROWS
    assert memory.count() == memory.count(tags=["long"]) == 1
    assert [record.id for record in memory.timeline()] == [made.id]
    assert [medium.rows for medium in memory.get(made.id).media] == [MANY + 1, 2]
    for row in (0, 1, ROWS - 2, ROWS - 1, ROWS, 2 * ROWS, MANY - 1):
        [hit] = memory.recall(f"n{row}", limit=5)
        assert hit.span == Span(row + 1, row + 2)
        assert hit.similarity == pytest.approx(1, abs=2e-3)
    [hit] = memory.recall("end")
    assert hit.span == Span(1, 2)
    assert hit.medium == hit.record.media[1]


def test_filters_see_all_of_a_long_record(memory: Memory) -> None:
    """What lies in a continuation is found by the words and the senses of its whole record."""
    memory.remember(sound(NOISE + "|wolf"), picture("dog"), text="at the zoo", id="zoo")
    for where in (
        {"text_contains": "zoo"},
        {"with_modalities": ["image"]},
        {"with_modalities": ["text"]},
    ):
        [hit] = memory.recall("wolf", modalities=["audio"], **where)
        assert (hit.record.id, hit.span) == ("zoo", Span(MANY, MANY + 1))
    assert (
        memory.recall("wolf", text_contains="sea")
        == memory.recall("wolf", with_modalities=["imu"])
        == []
    )
    assert [hit.similarity for hit in memory.recall(keywords="zoo")] == [None]


def test_points_say_how_long_their_record_is(memory: Memory) -> None:
    """A record in several points counts them, and each has the rows of all; others say nothing."""
    memory.remember(sound(NOISE), picture("dog"), id="long")
    memory.remember(sound("a|b"), id="short")
    whole = {"audio": MANY, "image": 1}
    found = [(p.get("part"), p.get("parts"), p.get("rows")) for p in everything(memory)]
    expected = [(None, 2, whole), (1, None, whole), (2, None, whole), (None, None, None)]
    assert sorted(found, key=str) == sorted(expected, key=str)


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


def test_what_cannot_be_encoded_leaves_nothing(memory: Memory) -> None:
    """One bad percept: neither a point nor a file of the others is left, and the error names it."""
    with pytest.raises(BatchError, match="whose audio") as caught:
        memory.remember(picture("dog"), sound("unreadable"))
    assert set(caught.value.failures) == {1}
    with pytest.raises(PerceptTooShortError):
        memory.remember(sound("unreadable"))
    assert (memory.count(), files(memory)) == (0, set())


def test_media_is_kept_or_not(memory: Memory) -> None:
    """Signals open again as they were where they are kept; vectors do not depend on it."""
    kept = memory.remember(picture("dog"), motion("walk"), thermal("fire"), text="hi", at=NOON)
    bare = memory.remember(picture("cat"), keep_media=False)
    assert len(files(memory)) == 3
    text, image, *_ = memory.percepts(memory.get(kept.id))
    assert text == words("hi", at=NOON)
    assert isinstance(image, Image)
    original = picture("dog").picture()
    np.testing.assert_array_equal(np.asarray(image.picture()), np.asarray(original))
    assert found(memory, "cat") == bare.id
    with pytest.raises(MediaNotFoundError, match="no signal was kept"):
        memory.percepts(memory.get(bare.id))


def test_times_of_a_record(memory: Memory) -> None:
    """It begins at its earliest percept and ends where its last one does."""
    made = memory.remember(sound("a|b|c", at=NOON), picture("dog", at=NOON + timedelta(seconds=9)))
    record = memory.get(made.id)
    assert (record.at, record.until) == (NOON, NOON + timedelta(seconds=3))
    assert memory.get(memory.remember(picture("dog"), at=NOON).id).until == NOON


def test_what_has_expired_is_not_there(memory: Memory) -> None:
    """It is not recalled, listed, counted or got, and sweep removes it with its files."""
    past = memory.remember(picture("dog"), text="old", expires_at=NOON - 5000 * HOUR, id="past")
    memory.remember(picture("dog"), text="new", ttl=HOUR, id="future")
    assert [hit.record.id for hit in memory.recall("dog", keywords="old")] == ["future"]
    assert [record.id for record in memory.timeline()] == ["future"]
    assert memory.count() == 1
    with pytest.raises(RecordNotFoundError):
        memory.get(past.id)
    assert memory.sweep().records == 1
    assert memory.backend.count(Filter(memory.owner, parts=True)) == 1
    assert len(files(memory)) == 1  # the other names it, too


def test_what_has_expired_can_be_remembered_again(memory: Memory) -> None:
    """The same content is new when the record of it has expired, though it was not swept yet."""
    memory.remember(sound(NOISE), expires_at=NOON - 5000 * HOUR)
    again = memory.remember(sound(NOISE))
    assert again.status == "new"
    assert memory.get(again.id).expires_at is None


# Many at once


def test_batches_are_bounded_and_in_order(memory: Memory) -> None:
    """No more than a batch is drawn before it is written; progress tells after each."""
    drawn: list[int] = []
    seen: list[tuple[int, int | None, int]] = []

    def stream() -> Iterator[Moment]:
        for i in range(10):
            drawn.append(i)
            yield Moment((picture(f"p{i}"),), at=NOON + i * HOUR)

    def progress(done: int, total: int | None) -> None:
        seen.append((done, total, len(drawn)))
        assert memory.count() == done

    report = memory.remember_many(stream(), batch_size=4, progress=progress)
    assert seen == [(4, None, 4), (8, None, 8), (10, None, 10)]
    assert (report.new, report.done, report.failures) == (10, 10, [])
    uris = [record.media[0].uri for record in memory.timeline(newest_first=False)]
    assert uris == [f"planted:p{i}" for i in range(10)]


def test_failures_are_named_and_keep_the_rest(memory: Memory) -> None:
    """Each failure has its place in the stream; all others are there."""
    good = [picture("a"), sound("b"), motion("c")]
    bad: list[Any] = [Moment((sound("unreadable"),)), Moment(), "words", Moment(tags=5, text="x")]  # type: ignore[arg-type]  # what must be refused
    report = memory.remember_many([good[0], bad[0], bad[1], good[1], bad[2], bad[3], good[2]])
    assert [failure.index for failure in report.failures] == [1, 2, 4, 5]
    kinds = [type(failure.error) for failure in report.failures]
    assert kinds == [PerceptTooShortError, RecordError, RecordError, RecordError]
    assert report.new == memory.count() == 3


def test_a_batch_knows_its_duplicates(memory: Memory) -> None:
    """Within one batch, content twice is one record, and the later one of an id stays."""
    memory.remember(picture("dog"))
    moments = [
        Moment((picture("dog"),)),
        Moment((picture("cat"),)),
        Moment((picture("cat"),)),
        Moment((picture("one"),), id="x"),
        Moment((sound("two"),), id="x"),
    ]
    report = memory.remember_many(moments)
    assert (report.new, report.known, report.replaced) == (2, 2, 1)
    assert memory.count() == 3
    assert memory.get("x").modalities == ("audio",)


def test_a_failed_successor_does_not_cost_its_predecessor(memory: Memory) -> None:
    """Where the later one of an id cannot be encoded, the earlier one is there."""
    moments = [Moment((picture("one"),), id="x"), Moment((sound("unreadable"),), id="x")]
    report = memory.remember_many(moments)
    assert (report.new, [failure.index for failure in report.failures]) == (1, [1])
    assert memory.get("x").modalities == ("image",)


def test_a_stream_that_breaks_keeps_what_came_and_goes_on(memory: Memory) -> None:
    """What was drawn before the error is kept; the same stream again skips it."""

    def stream(breaks: bool) -> Iterator[Image]:
        for i in range(10):
            if breaks and i == 6:
                raise ConnectionResetError("the camera")
            yield picture(f"p{i}")

    with pytest.raises(ConnectionResetError):
        memory.remember_many(stream(True), batch_size=4)
    assert memory.count() == 6
    report = memory.remember_many(stream(False), batch_size=4)
    assert (report.known, report.new) == (6, 4)


def test_the_same_moment_under_its_id_is_known(memory: Memory) -> None:
    """A stream of moments with ids goes on where it stopped: what is there is not encoded again."""
    moments = [
        Moment(
            (picture(f"p{i}"),), text=f"t{i}", at=NOON, tags=["a"], metadata={"n": i}, id=f"i{i}"
        )
        for i in range(5)
    ]
    memory.remember_many(moments[:3])
    before = everything(memory)
    report = memory.remember_many(moments)
    assert (report.new, report.known, report.replaced) == (2, 3, 0)
    ids = {point["id"] for point in before}
    assert [point for point in everything(memory) if point["id"] in ids] == before


def test_the_last_moment_under_an_id_stays(memory: Memory) -> None:
    """What is there, something else, and the first again, in one batch: the first stays."""
    one, other = (Moment(text=name, at=NOON, id="x") for name in ("one", "other"))
    memory.remember_many([one])
    memory.remember_many([other, one])
    assert memory.get("x").text == "one"


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ["b"]},
        {"text": "other"},
        {"metadata": {}},
        {"source": "camera"},
        {"at": NOON + HOUR},
        {"expires_at": NOON + timedelta(days=36500)},
        {"percepts": (picture("cat"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_moment_under_an_id_replaces(memory: Memory, change: dict[str, Any]) -> None:
    """Whatever it says otherwise is written."""
    moment = Moment((picture("p"),), text="t", at=NOON, tags=["a"], metadata={"n": True}, id="x")
    memory.remember_many([moment])
    assert memory.remember_many([replace(moment, **change)]).replaced == 1
    assert memory.remember_many([moment]).replaced == 1
    assert memory.forget("x", media_only=True) == 1
    assert memory.remember_many([moment]).replaced == 1  # whose picture is to be kept again
    assert memory.remember_many([replace(moment, at=None)]).known == 1


@pytest.mark.parametrize("size", [0, -1, 2.5])
def test_a_batch_size_that_is_none_is_refused(memory: Memory, size: Any) -> None:
    """Rather than silently remembering nothing."""
    with pytest.raises(RecordError, match="batch_size"):
        memory.remember_many([picture("dog")], batch_size=size)


# Changing


def test_update_changes_only_what_is_given(memory: Memory) -> None:
    """Payload keys change; vectors, media and other keys stay as they were."""
    made = memory.remember(picture("dog"), text="x", tags=["a"], source="s", metadata={"k": True})
    before = memory.get(made.id)
    changed = memory.update(made.id, tags=["b", "c"])
    assert changed.to_dict() == {**before.to_dict(), "tags": ["b", "c"]}
    assert memory.update(made.id, metadata={"k": False, "new": 1}).metadata == {
        "k": False,
        "new": 1,
    }
    assert (memory.count(where={"k": True}), memory.count(where={"k": False})) == (0, 1)
    bare = memory.update(made.id, tags=[], metadata={})
    assert (bare.tags, bare.metadata, bare.source) == ((), {}, "s")
    assert memory.count(tags=["b"]) == 0
    assert found(memory, "dog", modalities=["image"]) == made.id


def test_update_adds_percepts_and_loses_no_vector(memory: Memory) -> None:
    """Rows of multivectors, parts and stills are all still found after percepts were added."""
    made = memory.remember(sound(NOISE), picture("dog"), motion("walk|run"), tags=["t"])
    memory.update(made.id, sound("bark|howl"), picture("cat"), thermal("fire"), keep_media=False)
    record = memory.get(made.id)
    assert (record.tags, memory.count(), memory.count(tags=["t"])) == (("t",), 1, 1)
    assert record.modalities == ("audio", "image", "imu", "thermal")
    expected = [
        ("n7", "audio", Span(7, 8), 0),
        ("n2400", "audio", Span(2400, 2401), 0),
        ("howl", "audio", Span(1, 2), 3),
        ("dog", "image", None, 1),
        ("cat", "image", None, 4),
        ("run", "imu", Span(1, 2), 2),
        ("fire", "thermal", None, 5),
    ]
    for question, modality, span, medium in expected:
        [hit] = memory.recall(question)
        assert (hit.record.id, hit.modality, hit.span) == (made.id, modality, span)
        assert hit.medium == record.media[medium]


def test_update_of_the_text_takes_the_place_of_all_words(memory: Memory) -> None:
    """Old words are neither found nor listed; the picture stays."""
    made = memory.remember(picture("dog"), words("old|tale"), text="older")
    memory.update(made.id, text="fresh|news", source="press")
    record = memory.get(made.id)
    assert (record.text, record.source) == ("fresh|news", "press")
    assert [medium.modality for medium in record.media].count("text") == 1
    assert memory.recall("news")[0].span == Span(6, 10)
    assert memory.recall("tale", modalities=["text"])[0].similarity < 0.8
    assert memory.count(text_contains="older") == 0
    assert found(memory, "dog") == made.id


def test_texts_that_join_a_record_keep_their_spans(memory: Memory) -> None:
    """Words added to words are found in the record's text, and so are those before."""
    made = memory.remember(text="the first")
    memory.update(made.id, words("second|third"))
    record = memory.get(made.id)
    assert record.text == "the first\nsecond|third"
    for said in ("the first", "second", "third"):
        span = memory.recall(said)[0].span
        assert span is not None
        assert record.text[int(span.start) : int(span.end)] == said


def test_an_update_prolongs_a_record(memory: Memory) -> None:
    """A record goes on as long as the longest of its percepts."""
    made = memory.remember(picture("dog"), at=NOON)
    assert memory.update(made.id, sound("a|b|c")).until == NOON + timedelta(seconds=3)
    assert memory.count(since=NOON + timedelta(seconds=2)) == 1
    assert memory.update(made.id, sound("d")).until == NOON + timedelta(seconds=3)


def test_a_failed_update_changes_nothing(memory: Memory) -> None:
    """Whether a percept, a field or the id is wrong."""
    made = memory.remember(picture("dog"), text="x", tags=["a"])
    before = everything(memory)
    with pytest.raises(BatchError):
        memory.update(made.id, sound("unreadable"), tags=["b"])
    with pytest.raises(RecordError):
        memory.update(made.id, sound("fine"), metadata={"t": NOON})
    with pytest.raises(RecordError, match="text"):
        memory.update(made.id, text=" ")
    with pytest.raises(RecordNotFoundError, match="'nobody'"):
        memory.update("nobody", tags=["b"])
    assert everything(memory) == before


# Forgetting


def test_forget_removes_what_is_meant_and_no_more(memory: Memory) -> None:
    """By id, by filter and by age; parts and files go with their record."""
    kept = memory.remember(picture("kept"), text="rare words", tags=["keep"], at=NOON)
    memory.remember(sound(NOISE), id="long", at=NOON)
    memory.remember(picture("tagged"), tags=["x", "y"], at=NOON)
    memory.remember(picture("ancient"), at=NOON - timedelta(days=4000))
    assert memory.forget("long", "nobody") == 1
    assert parts(memory) == 0
    assert memory.forget("nobody") == 0
    assert memory.forget("long", kept.id, tags=["x"]) == 0  # all conditions must hold
    assert memory.forget(tags=["x", "y"]) == 1
    assert memory.forget(older_than=timedelta(days=3650)) == 1
    assert [record.id for record in memory.timeline()] == [kept.id]
    assert files(memory) == {memory.get(kept.id).media[1].file}
    assert memory.forget(text_contains="rare") == 1
    assert (memory.count(), files(memory)) == (0, set())


def test_forget_everything(memory: Memory) -> None:
    """More records than a page, with their files, and none is left."""
    memory.remember_many([picture(f"p{i}") for i in range(270)], keep_media=False)
    memory.remember_many([sound(f"s{i}") for i in range(10)])
    assert memory.forget(everything=True) == 280
    assert (everything(memory), files(memory)) == ([], set())


def test_shared_media_stays_while_a_record_names_it(memory: Memory) -> None:
    """The file of two records goes with the second."""
    memory.remember(picture("dog"), id="a")
    memory.remember(picture("dog"), id="b")
    assert len(files(memory)) == 1
    memory.forget("a")
    assert isinstance(memory.percepts(memory.get("b"))[0], Image)
    memory.forget("b")
    assert files(memory) == set()


def test_media_can_go_while_vectors_stay(memory: Memory) -> None:
    """The record is still recalled; its signals are gone and it says so."""
    made = memory.remember(picture("dog"), sound("bark|howl"), text="hi", tags=["a"])
    assert memory.forget(tags=["a"], media_only=True) == 1
    assert memory.forget(tags=["a"], media_only=True) == 0
    assert files(memory) == set()
    record = memory.get(made.id)
    assert [medium.file for medium in record.media] == [None] * 3
    assert memory.recall("howl")[0].span == Span(1, 2)
    with pytest.raises(MediaNotFoundError):
        memory.open_medium(record.media[1])


def test_what_a_replaced_record_kept_is_not_kept(memory: Memory) -> None:
    """Files of what stood under an id go when it is replaced, unless they are still named."""
    memory.remember(picture("dog"), sound("bark"), id="a")
    memory.remember(picture("dog"), motion("walk"), id="a")
    assert files(memory) == {medium.file for medium in memory.get("a").media}


def test_sweep_removes_orphans_only(memory: Memory) -> None:
    """Files that no record names go once they are old; others stay."""
    made = memory.remember(picture("dog"))
    media = memory._shelf.media
    assert media is not None
    orphan = media.put(b"orphan", extension="png")
    assert memory.sweep().files == 0  # too young: its record may be about to be written
    long_ago(memory)
    swept = memory.sweep()
    assert (swept.records, swept.files, swept.bytes) == (0, 1, 6)
    assert not media.exists(orphan)
    assert isinstance(memory.percepts(memory.get(made.id))[0], Image)


# Laws over anything

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


def test_a_kept_sound_opens_with_its_samples(memory: Memory) -> None:
    """What was kept decodes to the samples that were given, at their rate and time."""
    made = memory.remember(sound("dog|sea", at=NOON))
    [opened] = memory.percepts(memory.recall("sea")[0])
    assert isinstance(opened, Audio)
    assert (opened.at, opened.uri, opened.duration) == (NOON, "planted:dog|sea", 2.0)
    assert memory.get(made.id).media[0].mime == "audio/wav"


def test_an_opened_picture_stays_readable(memory: Memory) -> None:
    """Remembering the same content again does not disturb who has its file open."""
    made = memory.remember(picture("dog"))
    [opened] = memory.percepts(memory.get(made.id))
    memory.remember(picture("dog"), at=NOON)
    assert isinstance(opened, Image)
    assert opened.picture().size == (4, 4)


FAR_EAST = timezone(5 * HOUR)


@pytest.mark.parametrize(
    "moment",
    [
        Moment((picture("dog"),), at=datetime(1, 1, 1, tzinfo=FAR_EAST)),
        Moment((sound("a|b"),), at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)),
    ],
    ids=["before UTC", "beyond UTC"],
)
def test_times_that_nothing_can_write_are_refused(memory: Memory, moment: Moment) -> None:
    """A time before the year 1 or an end after 9999, in UTC, fails by name and alone."""
    report = memory.remember_many([moment, Moment(text="fine")])
    assert (report.new, [failure.index for failure in report.failures]) == (1, [0])
    assert isinstance(report.failures[0].error, RecordError)


def test_the_hour_that_comes_twice_is_two_times(memory: Memory) -> None:
    """When clocks go back, the same wall time is two instants, an hour apart."""
    berlin = ZoneInfo("Europe/Berlin")
    for fold in (0, 1):
        expires_at = datetime(2046, 10, 28, 2, 30, tzinfo=berlin, fold=fold)
        made = memory.remember(picture(f"p{fold}"), expires_at=expires_at, keep_media=False)
        expected = datetime(2046, 10, 28, fold, 30, tzinfo=timezone.utc)
        assert memory.get(made.id).expires_at == expected
