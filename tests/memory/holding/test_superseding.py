"""A record that supersedes others stands in their place, as long as it lives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.support.memories import ENCODER, NOISE, NOON
from tests.support.planted import sound

from sensorium.errors import ArgumentTypeError, FilterError, RecordError, RecordNotFoundError
from sensorium.memory import Memory, Moment
from sensorium.memory.holding.links import mend
from sensorium.qdrant import Equal, Filter, Present


def recalled(memory: Memory, question: str) -> list[str]:
    return [hit.record.id for hit in memory.recall(question, limit=10)]


def listed(memory: Memory) -> set[str]:
    return {record.id for record in memory.timeline()}


def test_recall_shows_what_holds_and_the_timeline_both(memory: Memory) -> None:
    """Whichever resembles the question more; each names the other."""
    memory.remember(text="key hook", id="old")
    memory.remember(text="key drawer", id="new", supersedes="old")
    assert recalled(memory, "key hook") == ["new"]
    assert [hit.record.id for hit in memory.recall(keywords="hook")] == []
    assert listed(memory) == {"old", "new"}
    assert memory.get("old").superseded_by == ("new",)
    assert memory.get("new").supersedes == ("old",)


def test_the_former_holds_again_when_the_later_is_forgotten(memory: Memory) -> None:
    """By id or by a filter; of two that supersede it, both have to go."""
    memory.remember(text="key hook", id="old")
    memory.remember(text="key drawer", id="new", supersedes="old")
    memory.remember(text="key pocket", id="newer", supersedes=["old"], tags=["today"])
    memory.forget("new")
    assert recalled(memory, "key") == ["newer"]
    memory.forget(tags=["today"])
    assert recalled(memory, "key") == ["old"]
    assert memory.get("old").superseded_by == ()


def test_what_expires_stands_in_nobodys_place(memory: Memory) -> None:
    """At once, before anything is swept; and a new time of expiry counts."""
    now = datetime.now(timezone.utc)
    memory.remember(text="key hook", id="old")
    memory.remember(text="key drawer", id="new", supersedes="old", ttl=timedelta(hours=1))
    assert recalled(memory, "key") == ["new"]
    memory.update("new", expires_at=now - timedelta(seconds=1))
    assert recalled(memory, "key") == ["old"]
    memory.sweep()
    assert memory.get("old").superseded_by == ()


def test_a_chain_shows_its_end(memory: Memory) -> None:
    """Its history is in order from any of them."""
    memory.remember(text="key hook", id="a")
    memory.remember(text="key drawer", id="b", supersedes="a")
    memory.remember(text="key pocket", id="c", supersedes="b")
    assert recalled(memory, "key") == ["c"]
    for name in "abc":
        assert [record.id for record in memory.history(name)] == ["c", "b", "a"]


def test_circles_are_refused(memory: Memory) -> None:
    """Of one, two and three; nothing is changed."""
    memory.remember(text="key hook", id="a")
    memory.remember(text="key drawer", id="b", supersedes="a")
    memory.remember(text="key pocket", id="c", supersedes="b")
    for name, former in [("a", "a"), ("a", "b"), ("a", "c"), ("b", ["c"]), ("new", "new")]:
        with pytest.raises((RecordError, RecordNotFoundError), match=r"circle|ids there are"):
            memory.remember(text="key bowl", id=name, supersedes=former)
    assert memory.get("a").text == "key hook"
    assert recalled(memory, "key") == ["c"]


def test_a_circle_within_one_batch_is_refused(memory: Memory) -> None:
    """The second of two moments that supersede each other fails alone."""
    memory.remember_many([Moment(text="key hook", id="a"), Moment(text="key drawer", id="b")])
    report = memory.remember_many(
        [
            Moment(text="key hook again", id="a", supersedes="b"),
            Moment(text="key drawer again", id="b", supersedes="a"),
        ]
    )
    assert [failure.index for failure in report.failures] == [1]
    assert recalled(memory, "key") == ["a"]


@pytest.mark.parametrize(
    ("former", "error"),
    [("gone", RecordNotFoundError), ("", RecordError), (5, ArgumentTypeError)],
)
def test_what_is_not_there_cannot_be_superseded(
    memory: Memory, former: str, error: type[Exception]
) -> None:
    """Nothing is kept then."""
    with pytest.raises(error, match="id"):
        memory.remember(text="key", supersedes=former)
    assert memory.count() == 0


def test_owners_cannot_supersede_each_others(memory: Memory) -> None:
    """Another owner's record is not there."""
    memory.remember(text="key hook", id="mine")
    with memory.for_owner(f"not {memory.owner}") as other, pytest.raises(RecordNotFoundError):
        other.remember(text="key drawer", supersedes=memory.get("mine").id)
    assert recalled(memory, "key") == ["mine"]


def test_what_is_known_may_supersede_afterwards(memory: Memory) -> None:
    """The same words again, with what they supersede."""
    memory.remember(text="key hook", id="old")
    new = memory.remember(text="key drawer").id
    assert memory.remember(text="key drawer", supersedes="old").status == "known"
    assert recalled(memory, "key") == [new]
    assert memory.get("old").superseded_by == (new,)


def test_a_replaced_record_supersedes_what_it_says_now(memory: Memory) -> None:
    """And is still superseded itself."""
    memory.remember(text="key hook", id="old")
    memory.remember(text="key drawer", id="new", supersedes="old")
    memory.remember(text="key drawer, upper", id="new")
    assert set(recalled(memory, "key")) == {"old", "new"}
    memory.remember(text="key pocket", id="last", supersedes="new")
    memory.remember(text="key drawer, lower", id="new")
    assert set(recalled(memory, "key")) == {"old", "last"}


def test_a_long_record_goes_with_all_its_points(memory: Memory) -> None:
    """What is said in its third point is not found any more, either."""
    memory.remember(sound(f"{NOISE}|dog"), id="long")
    memory.remember(text="silence", id="short", supersedes="long")
    assert recalled(memory, "dog") == ["short"]


def test_many_former_ones_hide_nothing(memory: Memory) -> None:
    """However many match better than what holds, it is found."""
    memory.remember_many([Moment(text=f"key k{n}", id=f"k{n}") for n in range(60)])
    memory.remember(text="key", id="last", supersedes=[f"k{n}" for n in range(60)])
    memory.remember(text="sea", id="sea")
    assert [hit.record.id for hit in memory.recall("key k7", limit=1)] == ["last"]
    assert [hit.record.id for hit in memory.recall(keywords="key", limit=1)] == ["last"]


def test_a_former_version_is_kept_beside(memory: Memory) -> None:
    """Recall shows the latest, history all of them; they go together."""
    memory.remember(sound("dog"), text="dog barks twice", id="dog", at=NOON)
    memory.update("dog", text="dog barks thrice", history=True)
    memory.update("dog", text="dog is silent", history=True)
    assert recalled(memory, "dog barks twice") == ["dog"]
    texts = [record.text for record in memory.history("dog")]
    assert texts == ["dog is silent", "dog barks thrice", "dog barks twice"]
    assert [record.version_of for record in memory.history("dog")] == [None, "dog", "dog"]
    assert memory.history("dog")[2].at == NOON
    memory.sweep()
    assert len(memory.history("dog")) == 3
    assert memory.forget("dog") == 1
    assert memory.count() == 0


def test_versions_share_files(memory: Memory) -> None:
    """A file stays as long as one of them has it."""
    memory.remember(sound("dog"), text="dog", id="dog")
    memory.update("dog", text="puppy", history=True)
    [_, before] = memory.history("dog")
    assert memory.percepts(before)[1].modality == "audio"
    memory.forget("dog")
    assert memory.sweep().files == 0


def test_what_a_crash_left_is_mended(memory: Memory) -> None:
    """A record that was written before the former one was told."""
    memory.remember(text="key hook", id="old")
    new = memory.remember(text="key drawer", id="new").id
    points = Filter(memory.owner, Equal("id", new))
    memory.backend.set_payload(points, {"supersedes": ["old"]})
    mend(memory.backend, memory.owner)
    assert recalled(memory, "key") == ["new"]
    memory.backend.delete(points)  # and one that went before the former one was told
    mend(memory.backend, memory.owner)
    assert recalled(memory, "key") == ["old"]
    assert memory.backend.count(Filter(memory.owner, Present("superseded_by"))) == 0


@pytest.mark.parametrize("owner", ["rex", "max"])
def test_links_move(tmp_path: Path, owner: str) -> None:
    """By export and import, under another owner's name, too."""
    with Memory.open(tmp_path / "a", owner="rex", encoder=ENCODER) as memory:
        old = memory.remember(text="key hook").id
        memory.remember(text="key drawer", supersedes=old)
        memory.remember(text="dog", id="dog")
        memory.update("dog", text="puppy", history=True)
        memory.export(tmp_path / "export")
    with Memory.open(tmp_path / "b", owner=owner, encoder=ENCODER) as memory:
        memory.import_(tmp_path / "export")
        assert [hit.record.text for hit in memory.recall("key hook dog")] == ["key drawer", "puppy"]
        assert [record.text for record in memory.history("dog")] == ["puppy", "dog"]
        [new] = [hit.record.id for hit in memory.recall("key", limit=1)]
        memory.forget(new, "dog")
        assert [hit.record.text for hit in memory.recall("key hook")] == ["key hook"]


@pytest.mark.parametrize("name", ["person", "web"])
def test_an_origin_is_kept_and_asked_for(memory: Memory, name: str) -> None:
    """What has another, or none, does not answer then."""
    memory.remember(text="key hook", id="said", origin="person")
    memory.remember(text="key drawer", id="read", origin="web")
    memory.remember(text="key pocket", id="unknown")
    [hit] = memory.recall("key", origins=[name])
    assert hit.record.origin == name
    assert memory.count(origins=["person", "web"]) == 2
    assert memory.get("unknown").origin is None


def test_a_wrong_origin_is_refused(memory: Memory) -> None:
    """When it is kept, and when it is asked for."""
    with pytest.raises(RecordError, match="one of person"):
        memory.remember(text="key", origin="me")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(FilterError, match="of person"):
        memory.recall("key", origins="person")
