"""Owners, tags, shares and their ends at random: every verb shows what a plain model says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.support.planted import House, PlantedEncoder, picture

from sensorium.errors import MediaNotFoundError, RecordNotFoundError
from sensorium.memory import Memory, Record
from sensorium.memory.layout.ids import point_id

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
ENCODER = PlantedEncoder(gap=1.0, background=True)
OWNERS, NAMES, TAGS = ("ana", "ben", "cyd"), ("a", "b"), ("family", "work", "x")

owners, names = st.sampled_from(OWNERS), st.sampled_from(NAMES)
some_tags = st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple)
what = st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True).map(tuple) | st.none()
steps = st.one_of(
    st.tuples(st.just("remember"), owners, names, some_tags, st.booleans()),
    st.tuples(st.just("retag"), owners, names, some_tags),
    st.tuples(st.just("forget"), owners, names),
    st.tuples(st.just("share"), owners, owners, what),
    st.tuples(st.just("share"), owners, owners, what),
    st.tuples(st.just("unshare"), owners, owners, what | st.just("all")),
    st.tuples(st.just("leave"), owners, owners),
)


@dataclass
class Kept:
    """What the model knows of a record."""

    text: str
    tags: tuple[str, ...]
    alive: bool


@dataclass
class Model:
    """What was remembered, by owner and name; and who shares what with whom."""

    records: dict[tuple[str, str], Kept] = field(default_factory=dict)
    shares: set[tuple[str, str, tuple[str, ...] | None]] = field(default_factory=set)

    def readable(self, reader: str) -> dict[tuple[str, str], Kept]:
        """The living records that somebody may read."""
        return {
            (owner, name): kept
            for (owner, name), kept in self.records.items()
            if kept.alive and (owner == reader or self._covered(owner, reader, kept))
        }

    def _covered(self, owner: str, reader: str, kept: Kept) -> bool:
        return any(
            (giver, taker) == (owner, reader) and (tags is None or set(tags) <= set(kept.tags))
            for giver, taker, tags in self.shares
        )


class World:
    """The same on both sides: memories of three owners, and the model of them."""

    def __init__(self, home: House) -> None:
        self.model = Model()
        run = uuid4()
        self.names = {owner: f"{owner} {run}" for owner in OWNERS}
        self.memories: dict[str, Memory] = {
            owner: home.memory(name, ENCODER) for owner, name in self.names.items()
        }
        self.count = 0

    def point(self, owner: str, name: str) -> str:
        """The id by which others know a record."""
        return point_id(self.names[owner], name)

    def do(self, step: tuple[Any, ...]) -> None:
        """Take one step on both sides."""
        match step:
            case ("remember", owner, name, tags, alive):
                self.count += 1
                text = f"dog {owner} {self.count}"
                gone = None if alive else NOON
                at = NOON + timedelta(minutes=self.count)
                self.memories[owner].remember(
                    picture(text), text=text, id=name, tags=tags, at=at, expires_at=gone
                )
                self.model.records[owner, name] = Kept(text, tags, alive)
            case ("retag", owner, name, tags):
                kept = self.model.records.get((owner, name))
                if kept is not None and kept.alive:
                    self.memories[owner].update(name, tags=tags)
                    kept.tags = tags
            case ("forget", owner, name):
                self.memories[owner].forget(name)
                self.model.records.pop((owner, name), None)
            case ("share", giver, reader, tags) if giver != reader:
                self.memories[giver].share(
                    with_=self.names[reader], tags=tags, everything=tags is None
                )
                self.model.shares.add((giver, reader, None if tags is None else sorted_(tags)))
            case ("unshare", giver, reader, tags):
                named = {} if tags in ("all", None) else {"tags": tags}
                ended = self.memories[giver].unshare(with_=self.names[reader], **named)
                wanted = {
                    each
                    for each in self.model.shares
                    if each[:2] == (giver, reader)
                    and (not named or each[2] == sorted_(named["tags"]))
                }
                assert ended == len(wanted)
                self.model.shares -= wanted
            case ("leave", reader, giver):
                self.memories[reader].unshare(from_=self.names[giver])
                self.model.shares = {s for s in self.model.shares if s[:2] != (giver, reader)}

    def check_lists(self) -> None:
        """What is listed, counted and told of is what the model says, to each owner."""
        for reader, memory in self.memories.items():
            readable = self.model.readable(reader)
            texts = sorted(kept.text for kept in readable.values())
            assert sorted(record.text for record in memory.timeline(limit=100)) == texts
            assert memory.count() == len(texts)
            tags = [tag for kept in readable.values() for tag in kept.tags]
            assert memory.tally("tags") == {tag: tags.count(tag) for tag in set(tags)}

    def check_questions(self) -> None:
        """What is found, opened and read by its id is what the model says, to each owner."""
        for reader, memory in self.memories.items():
            readable = self.model.readable(reader)
            texts = sorted(kept.text for kept in readable.values())
            for hits in (memory.recall("dog", limit=100), memory.recall(keywords="dog", limit=100)):
                assert sorted(hit.record.text for hit in hits) == texts
                for hit in hits:
                    check_whose(hit.record, self.names[reader])
            for key in self.model.records:
                self.check_record(memory, reader, *key, readable.get(key))

    def check_record(
        self, memory: Memory, reader: str, owner: str, name: str, kept: Kept | None
    ) -> None:
        point = self.point(owner, name)
        named = name if owner == reader else point
        if kept is None:
            with pytest.raises(RecordNotFoundError):
                memory.get(named)
            with pytest.raises(RecordNotFoundError):
                memory.recall(like=named)
            assert memory.get_many([named]) == []
            return
        record = memory.get(named)
        assert (record.text, record.owner) == (kept.text, self.names[owner])
        assert [each.id for each in memory.history(named)] == [record.id]
        # The picture is opened where its owner has it
        assert [each.modality for each in memory.percepts(record)] == ["text", "image"]
        if owner != reader:
            self.check_unchanged(memory, point, owner, name)

    def check_unchanged(self, memory: Memory, point: str, owner: str, name: str) -> None:
        """Who reads what is shared does not change it, forget it or stand in its place."""
        for change in (
            lambda: memory.update(point, tags=["mine"]),
            lambda: memory.remember(text="better", supersedes=point, id="not kept"),
        ):
            with pytest.raises(RecordNotFoundError):
                change()
        assert memory.forget(point) == 0
        assert self.memories[owner].get(name).tags == self.model.records[owner, name].tags


def sorted_(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(tags))


def check_whose(record: Record, reader: str) -> None:
    """A record says that it is another's, and is named by an id that leads to it."""
    assert record.shared == (record.owner != reader)
    assert (record.id in NAMES) == (record.owner == reader)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(done=st.lists(steps, min_size=6, max_size=14))
def test_everybody_sees_what_is_theirs_and_what_is_shared_with_them(
    home: House, done: list[tuple[Any, ...]]
) -> None:
    """After each step, lists and counts; at the end, questions, ids and media, too."""
    world = World(home)
    for step in done:
        world.do(step)
        world.check_lists()
    world.check_questions()


def test_a_hit_that_was_kept_opens_nothing_when_the_share_has_ended(home: House) -> None:
    """Its picture was in reach while it was shared, and is not any more."""
    world = World(home)
    world.do(("remember", "ana", "a", ("family",), True))
    world.do(("share", "ana", "ben", ("family",)))
    [hit] = world.memories["ben"].recall("dog")
    assert len(world.memories["ben"].percepts(hit)) == 2
    world.do(("unshare", "ana", "ben", ("family",)))
    with pytest.raises(MediaNotFoundError):
        world.memories["ben"].percepts(hit)
    [medium] = hit.record.files
    with pytest.raises(MediaNotFoundError):
        world.memories["ben"].open_file(medium)
