"""Changing and forgetting: what was meant, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from tests.support.memories import (
    NOISE,
    NOON,
    everything,
    files,
    found,
    long_ago,
    parts,
)
from tests.support.planted import (
    motion,
    picture,
    sound,
    thermal,
    words,
)

from sensorium.errors import (
    BatchError,
    MediaNotFoundError,
    RecordError,
    RecordNotFoundError,
)
from sensorium.memory import Memory
from sensorium.percepts import Image, Place, Span

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


def test_another_time_keeps_the_length(memory: Memory) -> None:
    """A record begins at the time that is given, and lasts as long as before, parts and all."""
    made = memory.remember(sound("dog|sea|sun"), text="x", at=NOON)
    before = memory.get(made.id)
    earlier = NOON - timedelta(days=3)
    changed = memory.update(made.id, at=earlier)
    assert (changed.at, changed.until) == (earlier, earlier + timedelta(seconds=3))
    assert memory.get(made.id) == changed
    assert changed.to_dict() == {
        **before.to_dict(),
        **{"at": changed.at.isoformat(), "until": changed.until.isoformat()},
    }
    assert memory.count(until=NOON - timedelta(days=2)) == 1
    both = memory.update(made.id, picture("cat"), at=NOON)
    assert (both.at, both.until) == (before.at, before.until)
    with pytest.raises(RecordError, match="year 10000"):
        memory.update(made.id, at=datetime.max.replace(tzinfo=timezone.utc))
    with pytest.raises(RecordError, match="at="):
        memory.update(made.id, at=datetime(2026, 1, 1))


@pytest.mark.slow
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
    similarity = memory.recall("tale", modalities=["text"])[0].similarity
    assert similarity is not None
    assert similarity < 0.8
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


def test_a_place_is_corrected_by_update(memory: Memory) -> None:
    """It is found there; what is left out stays, and what is no place is refused."""
    kept = memory.remember(text="the lighthouse", place=Place(1, 2, 3), id="light")
    assert memory.update(kept.id, tags=["sea"]).place == Place(1, 2, 3)
    assert memory.update(kept.id, place=Place(54.1, 13.7)).place == Place(54.1, 13.7)
    found = memory.get(kept.id)
    assert (found.place, found.text, found.tags) == (Place(54.1, 13.7), "the lighthouse", ("sea",))
    with pytest.raises(RecordError, match="latitude first"):
        memory.update(kept.id, place="54.1, 13.7")  # type: ignore[arg-type]  # which is no place
