"""Others who use a memory while it is re-embedded: nothing of theirs is mixed up or lost."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.cut_short import WatchedClient, empty_client, renamed
from tests.support.planted import PlantedEncoder

from sensorium.errors import SpaceMismatchError, StoreError, StoreLockedError
from sensorium.memory import Memory
from sensorium.memory.shelf import Setup

OLD, NEW = (PlantedEncoder(model=name) for name in ("old", "new"))
EARLIER = pytest.mark.parametrize("earlier", [False, True], ids=["alias", "bare"])


def opened(place: Any, encoder: PlantedEncoder, folder: Path) -> Memory:
    return Memory.open(place, owner="rex", encoder=encoder, media=folder)


def begun(folder: Path, *, earlier: bool = False) -> QdrantClient:
    """A server with a memory of three records, made by this release or an earlier one."""
    client = empty_client()
    if earlier:
        opened(client, OLD, folder).close()
        renamed(client, "sensorium")
    with opened(client, OLD, folder) as memory:
        for name in ("one", "two", "three"):
            memory.remember(text=name, id=name)
    return client


def number_of_requests(folder: Path, *, earlier: bool) -> tuple[int, int]:
    """How many requests opening makes, and re-embedding."""
    watched = WatchedClient(begun(folder, earlier=earlier))
    memory = opened(watched, OLD, folder)
    opening = watched.number
    memory.reembed(NEW)
    return opening, watched.number - opening


@EARLIER
def test_after_the_switch_others_are_told(earlier: bool, tmp_path: Path) -> None:
    """Whoever has the memory open with the encoder of before neither reads nor writes there."""
    client = begun(tmp_path, earlier=earlier)
    one, two = (opened(client, OLD, tmp_path) for _ in range(2))
    one.reembed(NEW)
    for use in (
        lambda: two.remember(text="late", id="late"),
        lambda: two.update("one", text="changed"),
        lambda: two.forget("one"),
        lambda: two.recall("one"),
        two.timeline,
        two.count,
        lambda: two.get("one"),
        two.stats,
    ):
        with pytest.raises(SpaceMismatchError, match=r"holds vectors of .*new.*Memory\.reembed"):
            use()
    assert {record.id for record in one.timeline()} == {"one", "two", "three"}


@EARLIER
def test_with_the_same_space_others_go_on(earlier: bool, tmp_path: Path) -> None:
    """Vectors made anew by the same encoder are found and added to by everybody."""
    client = begun(tmp_path, earlier=earlier)
    one, two = (opened(client, OLD, tmp_path) for _ in range(2))
    one.reembed(OLD)
    assert two.recall("one", limit=1)[0].record.id == "one"
    two.remember(text="late", id="late")
    assert one.count() == two.count() == 4


class Other:
    """Another process that uses the memory once, before a certain request of the first.

    Attributes:
        done: What was acknowledged.
        refused: What was not.
    """

    def __init__(self, memory: Memory, moment: int) -> None:
        self._memory = memory
        self._moment = moment
        self.done: set[str] = set()
        self.refused: set[str] = set()

    def __call__(self, now: int, _: str) -> None:
        if now != self._moment:
            return
        for name, change in (
            ("remembered", lambda: self._memory.remember(text="late", id="late")),
            ("updated", lambda: self._memory.update("two", tags=["changed"])),
            ("forgotten", lambda: self._memory.forget("one")),
        ):
            try:
                change()
                self.done.add(name)
            except (SpaceMismatchError, StoreLockedError):
                self.refused.add(name)


@pytest.mark.slow
@EARLIER
def test_what_others_do_at_any_moment_is_kept_or_refused(earlier: bool, tmp_path: Path) -> None:
    """Acknowledged, it is in the new collection; a record that was forgotten does not return."""
    opening, total = number_of_requests(tmp_path, earlier=earlier)
    refusals = 0
    for moment in range(total):
        client = begun(tmp_path, earlier=earlier)
        other = Other(opened(client, OLD, tmp_path), opening + moment)
        memory = opened(WatchedClient(client, before=other), OLD, tmp_path)
        memory.reembed(NEW)
        found = {record.id for record in memory.timeline()}
        there = {
            *(["remembered"] if "late" in found else []),
            *(["updated"] if memory.count(tags=["changed"]) else []),
            *(["forgotten"] if "one" not in found else []),
        }
        assert other.done <= there <= other.done | other.refused
        assert found >= {"two", "three"}
        refusals += bool(other.refused)
        if "late" in found:
            assert memory.recall("late", limit=1)[0].record.id == "late"
    assert 0 < refusals < total / 2


@pytest.mark.slow
@EARLIER
def test_no_answer_is_of_the_wrong_space(earlier: bool, tmp_path: Path) -> None:
    """A recall of another process at any moment finds the right record, or says why it cannot."""
    opening, total = number_of_requests(tmp_path, earlier=earlier)
    for moment in range(total):
        client = begun(tmp_path, earlier=earlier)
        other = opened(client, OLD, tmp_path)

        def meanwhile(now: int, _: str, moment: int = moment, other: Memory = other) -> None:
            if now == opening + moment:
                with suppress(SpaceMismatchError):
                    assert other.recall("two", limit=1)[0].record.id == "two"

        opened(WatchedClient(client, before=meanwhile), OLD, tmp_path).reembed(NEW)


@pytest.mark.parametrize("store", ["edge", "client"])
def test_a_question_that_is_overtaken_is_asked_again(store: str, tmp_path: Path) -> None:
    """In the process that re-embeds, whoever asks meanwhile is answered by the new collection."""
    place = tmp_path / "home" if store == "edge" else QdrantClient(":memory:")
    with opened(place, OLD, tmp_path / "media") as memory:
        memory.remember(text="one", id="one")
        asked: list[Setup] = []

        def slowly(setup: Setup) -> int:
            asked.append(setup)
            if len(asked) == 1:
                memory.reembed(NEW)
            return setup.backend.stats()["points"]  # type: ignore[no-any-return] # JSON

        assert memory._shelf.ask(slowly) == 1
        assert [setup.encoder for setup in asked] == [OLD, NEW]


def test_two_cannot_reembed_at_once(tmp_path: Path) -> None:
    """The second is told who is at it; the first goes on."""
    client = begun(tmp_path)
    one, two = (opened(client, OLD, tmp_path) for _ in range(2))

    def meanwhile(done: int, total: int | None) -> None:
        with pytest.raises(StoreLockedError, match=r"process \d+ on .* is re-embedding"):
            two.reembed(NEW)

    one.reembed(NEW, progress=meanwhile)
    assert one.count() == 3


def test_another_owner_who_comes_meanwhile_stops_it(tmp_path: Path) -> None:
    """What is not the owner's would be left behind with the old vectors."""
    client = begun(tmp_path)
    memory = opened(client, OLD, tmp_path)
    other = Memory.open(client, owner="max", encoder=OLD, media=tmp_path)

    def meanwhile(done: int, total: int | None) -> None:
        other.remember(text="yours")

    with pytest.raises(StoreError, match="not all points are of 'rex'"):
        memory.reembed(NEW, progress=meanwhile)
    assert (memory.count(), other.count()) == (3, 1)
    memory.remember(text="four")
    assert len(client.get_collections().collections) == 1
