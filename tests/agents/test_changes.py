"""An agent is told what a call changed, what was lost by it, and what stayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.agents.changes import changed_lines, forgotten_lines, kept_lines, missing_ids
from sensorium.agents.forgetting import forget
from sensorium.errors import ToolArgumentError
from sensorium.memory import Memory

SOON = datetime(2100, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as opened:
        yield opened


def changes(memory: Memory, **changed: object) -> list[str]:
    """The lines of one update of a full record."""
    first = memory.remember(
        picture("dog"),
        text="dog",
        tags=["a", "b"],
        source="phone",
        metadata={"room": "hall", "floor": 1},
        expires_at=SOON,
    )
    before = memory.get(first.id)
    return changed_lines(before, memory.update(first.id, **changed))  # type: ignore[arg-type]  # of any kind


def test_each_field_that_is_replaced_is_named_with_what_it_was(memory: Memory) -> None:
    """The rest is said to stay, media included."""
    assert changes(memory, text="the\nsea") == [
        "changed: text",
        'lost: the text "dog"',
        "kept: tags, source, metadata, the time at which it ends, a picture",
    ]


def test_only_what_is_gone_is_lost(memory: Memory) -> None:
    """Of tags and metadata those that the new ones do not have."""
    lines = changes(memory, tags=["b", "c"], metadata={"room": "attic", "floor": 1, "n": 2})
    assert lines == [
        "changed: tags, metadata",
        'lost: the tags ["a"], the metadata {"room": "hall"}',
        "kept: text, source, the time at which it ends, a picture",
    ]


def test_source_and_end_are_told(memory: Memory) -> None:
    """Where it came from, and when it ends."""
    changed, lost, _ = changes(memory, source="mic", expires_at=SOON + timedelta(days=1))
    assert changed == "changed: source, the time at which it ends"
    assert lost == 'lost: the source "phone", the end on 2100-01-01T00:00:00+00:00'


def test_what_joins_takes_nothing_away(memory: Memory) -> None:
    """A sound is added to words and a picture."""
    kept = memory.remember(picture("dog"), text="dog")
    before = memory.get(kept.id)
    after = memory.update(kept.id, sound("dog"))
    assert changed_lines(before, after) == ["added: a sound of 1.0 s", "kept: text, a picture"]


def test_an_update_to_what_was_there_changes_nothing(memory: Memory) -> None:
    """And says so."""
    assert changes(memory, tags=["a", "b"])[0] == "changed: nothing, as it was so already"


def test_a_quoted_text_is_one_line(memory: Memory) -> None:
    """What a memory says can be no line of the answer."""
    kept = memory.remember(text='dog"\nupdated: all')
    before = memory.get(kept.id)
    lines = changed_lines(before, memory.update(kept.id, text="sea"))
    assert all("\n" not in line for line in lines)
    assert lines[1] == 'lost: the text "dog\\" updated: all"'


def test_what_a_known_moment_was_given_in_vain_is_named(memory: Memory) -> None:
    """Only what it has not; a new one has all of it."""
    given = {"tags": ["a"], "metadata": {"n": 1}, "source": None, "expires_at": SOON}
    new = memory.remember(text="dog", **given)  # type: ignore[arg-type]  # of any kind
    assert kept_lines(memory, new, "X", given) == ["remembered: X"]
    again = memory.remember(text="dog")
    line = "known already, and left unchanged (update changes it): X"
    assert kept_lines(memory, again, "X", given) == [line]
    other = {"tags": ["a", "b"], "source": "mic", "metadata": {"n": 1}}
    assert kept_lines(memory, again, "X", other) == [
        line,
        "not kept of what was given now: tags, source",
    ]


def test_forgetting_says_what_is_gone_what_stays_and_what_was_not_there(memory: Memory) -> None:
    """Ids of nobody and of others are the same to the one who asks."""
    with memory.for_owner("max") as other:
        other.remember(text="sea", id="of max")
    memory.remember(picture("dog"), text="dog", id="a")
    memory.remember(text="sea", id="b")
    media = forget(memory, ids=["a"], media_only=True)
    assert media.lines[0] == "forgot the media of 1 memory"
    assert "kept: texts, tags and metadata" in media.lines[1]
    gone = forget(memory, ids=["a", "of max", "a", "nobody"])
    assert (gone.count, gone.missing) == (1, ("of max", "nobody"))
    assert gone.lines == (
        "forgot 1 memory",
        f"no memory here has the ids {json.dumps(['of max', 'nobody'])}",
    )
    assert forget(memory, everything=True).lines == ("forgot 1 memory",)
    with memory.for_owner("max") as other:
        assert other.count() == 1
    assert forgotten_lines(0, media_only=True) == ["forgot the media of 0 memories"]
    assert missing_ids(memory, []) == []


WRONG: dict[str, dict[str, object]] = {
    "nothing": {},
    "no ids": {"ids": []},
    "empty conditions": {"tags": [], "source": ""},
    "everything beside a condition": {"everything": True, "tags": ["a"]},
    "all of it by times": {"since": datetime(1990, 1, 1, tzinfo=timezone.utc)},
    "all of it by age": {"older_than": timedelta(seconds=-60)},
}


@pytest.mark.parametrize("kind", WRONG)
def test_nothing_is_forgotten_by_chance(memory: Memory, kind: str) -> None:
    """A call that means everything must say so."""
    memory.remember(text="dog", tags=["a"])
    with pytest.raises(ToolArgumentError, match="set everything to true"):
        forget(memory, **WRONG[kind])  # type: ignore[arg-type]  # of any kind
    assert memory.count() == 1


def test_an_expired_memory_can_be_forgotten_by_its_id(memory: Memory) -> None:
    """Nobody finds it any more; it is not called absent and forgotten at once."""
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    memory.remember(text="dog", id="old", expires_at=past)
    assert forget(memory, ids=["old"]).lines == ("forgot 1 memory",)
