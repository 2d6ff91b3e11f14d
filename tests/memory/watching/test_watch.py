"""Standing questions: what matches is told as it arrives, at most once, and surely as recalled."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.support.memories import NOON
from tests.support.planted import House, PlantedEncoder, depth, picture, sound
from tests.support.remote import RemoteMemory
from tests.support.waiting import wait_until

from sensorium.encoders import Encoding
from sensorium.errors import (
    FilterError,
    QueryError,
    ReadOnlyError,
    SensoriumError,
    UnsupportedModalityError,
)
from sensorium.memory import Memory, Moment, Query
from sensorium.memory.layout import points
from sensorium.memory.layout.ids import point_id
from sensorium.memory.watching import lookout, watch
from sensorium.memory.watching.arrivals import SECOND
from sensorium.memory.watching.watch import LocalWatch
from sensorium.percepts import Percept, Pose
from sensorium.qdrant import Filter, Ids, Search
from sensorium.qdrant.points import Scored, iso

ENCODER = PlantedEncoder(background=True)
LONG = "|".join(["glass", *(f"n{i}" for i in range(2500))])  # three points
AGO = datetime.now(timezone.utc) - timedelta(hours=1)


@pytest.fixture(scope="module")
def house_encoder() -> PlantedEncoder:
    return ENCODER


def told(memory: Memory, query: Query | None = "glass", **options: Any) -> list[str]:
    """The ids of what a watch tells of what has arrived."""
    return [hit.record.id for hit in memory.watch(query, timeout=0, **options)]


def point_of(memory: Memory, id: str) -> str:
    """The id of a record's own point."""
    return point_id(memory.owner, id)


def stamp(memory: Memory, *ids: str, seconds: float) -> None:
    """Have records remembered so many seconds ago."""
    named = tuple(point_of(memory, each) for each in ids)
    arrived = iso(datetime.now(timezone.utc) - timedelta(seconds=seconds))
    memory.backend.set_payload(Filter(memory.owner, Ids(named)), {"created_at": arrived})


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all settled that was stamped some seconds ago."""
    monkeypatch.setattr(lookout, "LAG", SECOND)
    monkeypatch.setattr(lookout, "SETTLED", SECOND)


def test_what_matches_is_told_as_it_arrives(memory: Memory) -> None:
    """In any modality, in the order of arrival, as surely as a recall finds it; nothing else."""
    memory.remember(text="glass before", id="before")
    watch = memory.watch("glass", timeout=0)
    memory.remember(picture("glass"), id="a")
    memory.remember(sound("sea|glass"), id="b")
    memory.remember(picture("sea"), id="c")
    memory.remember(sound("x glass"), picture("y glass"), id="d")
    memory.remember(sound(LONG), id="e")
    hits = list(watch)
    assert [hit.record.id for hit in hits] == ["a", "b", "d", "e"]
    for hit in hits:
        alone = Ids((point_of(memory, hit.record.id),))
        [recalled] = memory.recall("glass", min_confidence=0.5, where=alone)
        assert (hit.confidence, hit.similarity) == (recalled.confidence, recalled.similarity)
        assert (hit.modality, hit.span, hit.medium) == (
            recalled.modality,
            recalled.span,
            recalled.medium,
        )
    assert list(watch) == []


@pytest.mark.slow
def test_each_is_told_once_and_none_is_lost_from_a_cursor_on(memory: Memory) -> None:
    """Killed after any hit and resumed, a watch gives exactly the rest, old and fresh."""
    names = [f"r{n:03}" for n in range(84)]
    moments = [Moment(text=f"glass v{n}", id=each) for n, each in enumerate(names)]
    memory.remember_many(moments)
    stamp(memory, *names[:66], seconds=3_000)  # more than a page at one time
    for n, each in enumerate(names[66:74]):
        stamp(memory, each, seconds=2_000 - 60 * n)
    first = memory.watch("glass", after=AGO, timeout=0, min_confidence=0)
    whole, cursors = [], [first.cursor]
    for hit in first:
        whole.append(hit.record.id)
        cursors.append(first.cursor)
    assert sorted(whole) == names
    assert [each for each in whole if each < "r066"] == whole[:66]
    assert whole[66:74] == names[66:74]
    for n in (0, 40, 65, 66, 67, 74, 80, 84):
        rest = told(memory, cursor=cursors[n], min_confidence=0)
        assert sorted(rest) == sorted(whole[n:])
    assert told(memory, cursor=first.cursor, min_confidence=0) == []
    memory.remember(text="glass again", id="again")
    assert told(memory, cursor=first.cursor, min_confidence=0) == ["again"]


def test_what_becomes_visible_late_is_told(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamped before what was told already, by a process that was slow to write."""
    memory.remember(text="glass 1", id="first")
    watch = memory.watch("glass", after=AGO, timeout=0)
    assert next(watch).record.id == "first"
    resumed = memory.watch("glass", cursor=watch.cursor, timeout=0)
    assert list(watch) == list(resumed) == []
    memory.remember(text="glass 3", id="soon")
    stamp(memory, "soon", seconds=1)  # which is told at once
    assert [[hit.record.id for hit in each] for each in (watch, resumed)] == [["soon"], ["soon"]]
    memory.remember(text="glass 2", id="late")
    stamp(memory, "late", seconds=15)
    settle(monkeypatch)
    for each in (watch, resumed):
        assert [hit.record.id for hit in each] == ["late"]
        assert list(each) == []


@pytest.mark.parametrize("most", [1, 3])
def test_more_hits_than_a_cursor_names_are_told_when_they_have_settled(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Nothing is left out, nothing comes twice."""
    monkeypatch.setattr(lookout, "MOST_TOLD", most)
    monkeypatch.setattr(lookout, "MOST_KNOWN", 4)
    for n in range(8):
        memory.remember(text=f"glass v{n}", id=f"r{n}")
        stamp(memory, f"r{n}", seconds=14 - n)
    watch = memory.watch("glass", after=AGO, timeout=0, min_confidence=0)
    polled = [hit.record.id for hit in iter(watch.poll, None) if hit]
    assert polled == [f"r{n}" for n in range(most)]
    settle(monkeypatch)
    assert [hit.record.id for hit in watch] == [f"r{n}" for n in range(most, 8)]


@pytest.mark.slow
def test_whoever_asks_for_all_waits_for_what_has_to_settle(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that has arrived is left out of an iteration, whatever its time to wait."""
    monkeypatch.setattr(lookout, "MOST_TOLD", 3)
    monkeypatch.setattr(watch, "PAUSE", 0.01)
    settle(monkeypatch)
    asked = memory.watch(timeout=0)
    memory.remember_many([Moment(text=f"glass v{n}", id=f"r{n}") for n in range(8)])
    assert sorted(hit.record.id for hit in asked) == [f"r{n}" for n in range(8)]


@pytest.mark.slow
def test_a_watch_that_nobody_reads_does_not_grow(memory: Memory) -> None:
    """What it holds is bounded, and all is told when it is read at last."""
    watch = memory.watch("glass", timeout=0, min_confidence=0)
    assert isinstance(watch, LocalWatch)
    memory.remember_many([Moment(text=f"glass v{n}", id=f"r{n}") for n in range(300)])
    assert not watch._found
    assert not watch._lookout._known
    assert next(watch).record.text.startswith("glass")
    assert len(watch._found) < 64
    rest = {hit.record.id for hit in iter(watch.poll, None) if hit}
    assert len(rest) == 255  # a cursor names no more
    assert len(watch._lookout._known) <= lookout.MOST_KNOWN
    assert len(watch.cursor) < 5_000


@pytest.mark.slow
def test_only_what_arrives_is_compared(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many records, those alone that are new, and nothing while nothing is."""
    memory.remember_many([Moment(text=f"u{n} v{n}") for n in range(200)])
    watch = memory.watch("glass", timeout=0)
    compared: list[int] = []
    search = memory.backend.search

    def counting(searches: list[Search], filter: Filter) -> list[list[Scored]]:
        compared.append(memory.backend.count(filter))
        return search(searches, filter)

    monkeypatch.setattr(memory.backend, "search", counting)
    assert list(watch) == []
    assert compared == []
    memory.remember(text="glass 1")
    memory.remember(sound(LONG))
    assert len(list(watch)) == 2
    assert compared == [1 + 3]


def test_what_holds_no_more_is_not_told(memory: Memory) -> None:
    """Forgotten, expired or superseded before it was looked at."""
    watch = memory.watch("glass", timeout=0)
    everything = memory.watch(timeout=0)
    for each in ("gone", "old", "kept"):
        memory.remember(text=f"glass {each}", id=each)
    memory.remember(text="glass new", id="new", supersedes="old")
    past = datetime.now(timezone.utc) - timedelta(seconds=1)
    memory.remember(text="glass past", id="past", expires_at=past)
    memory.forget("gone")
    assert [hit.record.id for hit in watch] == ["kept", "new"]
    assert [hit.record.id for hit in everything] == ["kept", "new"]


def test_what_goes_while_it_waits_to_be_told_is_not_told(memory: Memory) -> None:
    """Found together with a hit that was told, and forgotten or superseded before its turn."""
    watch = memory.watch("glass", timeout=0)
    memory.remember_many([Moment(text=f"glass {n}", id=n) for n in "abcd"])
    told = [next(watch).record.id]
    others = sorted({*"abcd"} - {*told})
    memory.forget(others[0])
    memory.remember(text="sea", supersedes=others[1])
    assert [hit.record.id for hit in watch] == [others[2]]


def test_what_is_written_again(memory: Memory) -> None:
    """A replaced record arrives anew; what is known already, or changed, does not."""
    memory.remember(text="sea 1", id="a")
    watch = memory.watch("glass", timeout=0)
    memory.update("a", text="glass 1", history=True)
    assert list(watch) == []
    memory.remember(text="glass 2", id="b")
    assert [hit.record.id for hit in watch] == ["b"]
    memory.remember(text="glass 2", id="b")
    memory.update("b", text="glass 3")
    assert list(watch) == []
    memory.remember(text="glass 4", id="b")
    assert [hit.record.text for hit in watch] == ["glass 4"]
    assert list(watch) == []


@pytest.mark.slow
def test_only_what_the_filters_let_through(memory: Memory) -> None:
    """Tags, origins, modalities; near a pose exactly, not in its box alone."""
    start = memory.watch("glass").cursor
    memory.remember(text="glass 1", id="home", tags=["home"], origin="person", at=NOON)
    memory.remember(picture("glass"), id="web", origin="web")
    memory.remember(text="glass 2", id="near", place=Pose(0.9, 0, 0))
    memory.remember(text="glass 3", id="corner", place=Pose(0.9, 0.9, 0))
    assert told(memory, cursor=start) == ["home", "web", "near", "corner"]
    assert told(memory, cursor=start, tags=["home"]) == ["home"]
    assert told(memory, cursor=start, origins=["web"]) == ["web"]
    assert told(memory, cursor=start, modalities=["image"]) == ["web"]
    assert told(memory, cursor=start, with_modalities=["image"]) == ["web"]
    assert told(memory, cursor=start, near=(Pose(0, 0, 0), "1 m")) == ["near"]
    assert told(memory, cursor=start, until=NOON + timedelta(hours=1)) == ["home"]
    assert told(memory, None, cursor=start, tags=["home"]) == ["home"]
    assert told(memory, picture("glass"), cursor=start, tags=["home"]) == ["home"]


def test_another_owners_memories_never_appear(home: House) -> None:
    """Nor does another owner's cursor open anything."""
    ana, ben = (home.memory(str(uuid4()), ENCODER) for _ in range(2))
    watches = [ana.watch("glass", timeout=0), ana.watch(timeout=0)]
    ben.remember(text="glass 1")
    assert [list(each) for each in watches] == [[], []]
    assert told(ana, after=AGO) == told(ana, None, after=AGO) == []
    with pytest.raises(FilterError, match="of another owner"):
        ana.watch("glass", cursor=ben.watch("glass").cursor)


def test_what_others_share_is_told_while_they_do(tmp_path: Path) -> None:
    """What they remember from now on, and nothing else of theirs; it may be asked for alone."""
    with (
        Memory.open(tmp_path, owner="ana", encoder=ENCODER) as ana,
        ana.for_owner("ben") as ben,
    ):
        ana.share(tags=["family"], with_="ben")
        watches = [ben.watch("glass", timeout=0), ben.watch(timeout=0)]
        only = {"timeout": 0, "cursor": watches[0].cursor, "owners": ["ana"]}
        ana.remember(picture("glass"), tags=["family"])
        ana.remember(text="glass 1", id="secret")
        ben.remember(text="glass 2", id="own")
        for each in watches:
            assert [(hit.record.owner, hit.record.modalities) for hit in each] == [
                ("ana", ("image",)),
                ("ben", ("text",)),
            ]
        assert [hit.record.owner for hit in ben.watch("glass", **only)] == ["ana"]  # type: ignore[arg-type]  # by their names
        ana.remember(text="glass 4", tags=["family"])
        ana.remember(text="glass 5", tags=["family"])
        assert next(watches[0]).record.owner == "ana"  # of two that were found together
        ana.unshare(everything=True)
        ana.remember(text="glass 3", tags=["family"])
        assert [list(each) for each in watches] == [[], []]
        assert list(ben.watch("glass", **only)) == []  # type: ignore[arg-type]  # by their names


def test_windows_of_a_stream_are_told(memory: Memory) -> None:
    """As each of them is remembered."""
    watch = memory.watch(modalities=None, timeout=20)
    with memory.stream("imu", rate=50.0, accel="m/s^2", gyro="rad/s") as stream:
        stream.push(np.random.default_rng(1).normal(size=(600, 6)))
    count = memory.count()
    assert count > 1
    assert len(list(islice(watch, count))) == count
    assert watch.poll() is None


def test_a_waiting_watch_is_woken_and_ends_with_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, however long it would have waited; a closed one ends alone."""
    monkeypatch.setattr(watch, "PAUSE", 60.0)
    found: list[str] = []
    with Memory.open(tmp_path, owner="rex", encoder=ENCODER) as memory:
        waiting = memory.watch("glass")
        thread = threading.Thread(target=lambda: found.extend(h.record.id for h in waiting))
        thread.start()
        memory.remember(text="glass 1", id="a")
        memory.remember_many([Moment(text="glass 2", id="b")])
        wait_until(lambda: found == ["a", "b"])
        with memory.watch("glass") as other:
            pass
        assert other.is_closed
        assert list(other) == []
        assert not waiting.is_closed
    thread.join(30)
    assert waiting.is_closed
    assert not thread.is_alive()
    assert list(waiting) == []
    assert waiting.poll() is None


@pytest.mark.slow
def test_another_process_is_heard(tmp_path: Path) -> None:
    """Whichever of the two has the folder, and by a cursor after a kill."""
    options: dict[str, Any] = {"owner": "rex", "encoder": ENCODER}
    with (
        Memory.open(tmp_path, **options) as memory,
        RemoteMemory(tmp_path, **options) as other,
    ):
        mine = memory.watch("glass", timeout=30)
        other.call("remember", text="glass 1", id="a")
        assert next(mine).record.id == "a"
        cursor = mine.cursor
        other.process.kill()
    with Memory.open(tmp_path, **options) as memory:
        assert told(memory, cursor=cursor) == []
        memory.remember(text="glass 2", id="b")
        assert told(memory, cursor=cursor) == ["b"]


def test_a_watch_goes_on_with_another_encoder(tmp_path: Path) -> None:
    """The question is encoded anew when the vectors are."""
    with Memory.open(tmp_path, owner="rex", encoder=ENCODER) as memory:
        watch = memory.watch("glass", timeout=0)
        memory.reembed(PlantedEncoder(model="other", background=True))
        memory.remember(picture("glass"), id="a")
        assert [hit.record.id for hit in watch] == ["a"]


def test_a_copy_to_read_cannot_be_watched(tmp_path: Path) -> None:
    """It stays as it was when it was opened, so that nothing would ever arrive."""
    with Memory.open(tmp_path, owner="rex", encoder=ENCODER) as memory:
        memory.remember(text="glass 1")
    with (
        Memory.open(tmp_path, owner="rex", encoder=ENCODER, read_only=True) as copy,
        pytest.raises(ReadOnlyError, match="as it was when it was opened"),
    ):
        copy.watch("glass")


def test_what_takes_long_to_encode_arrives_when_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others that were written meanwhile arrived before it, whenever it was begun."""

    class Slow(PlantedEncoder):
        """Has something else remembered while it encodes."""

        def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
            if any(str(each.uri).endswith("slow") for each in percepts):
                opened.remember(text="sea", id="meanwhile")
            return super().try_encode(percepts)

    monkeypatch.setattr(points, "LATE", timedelta(0))
    with Memory.open(tmp_path, owner="rex", encoder=Slow(background=True)) as opened:
        watch = opened.watch(timeout=0)
        opened.remember(picture("slow"), id="slow")
        assert [hit.record.id for hit in watch] == ["meanwhile", "slow"]
        slow, other = opened.get_many(["slow", "meanwhile"])
    assert slow.at < other.at < slow.created_at


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"min_confidence": float("nan")}, QueryError, "number from 0 to 1"),
    ({"min_confidence": None}, QueryError, "number from 0 to 1"),
    ({"min_confidence": 1.5}, QueryError, "number from 0 to 1"),
    ({"timeout": float("nan")}, QueryError, "seconds, from 0"),
    ({"timeout": -1}, QueryError, "seconds, from 0"),
    ({"after": datetime(2026, 5, 1)}, FilterError, "zone"),
    ({"cursor": "x", "after": NOON}, QueryError, "one of them"),
    ({"cursor": ""}, FilterError, "cursor of a watch"),
    ({"cursor": "AQ"}, FilterError, "cursor of a watch"),
    ({"cursor": "é" * 40}, FilterError, "cursor of a watch"),
    ({"cursor": 7}, FilterError, "cursor of a watch"),
    ({"modalities": ["smell"]}, UnsupportedModalityError, "leave out smell"),
    ({"weights": [1, 2]}, QueryError, "weights"),
    ({"since": NOON, "until": NOON - timedelta(1)}, FilterError, "since before until"),
    ({"query": " "}, QueryError, "not blank"),
    ({"query": None, "weights": [1]}, QueryError, "without a query"),
]


@pytest.mark.parametrize(("given", "error", "match"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_watched_is_refused(
    memory: Memory, given: dict[str, Any], error: type[Exception], match: str
) -> None:
    """At once, and not at the first hit."""
    with pytest.raises(error, match=match):
        memory.watch(**{"query": "glass", **given})


def test_a_damaged_cursor_is_refused(memory: Memory) -> None:
    """Whichever letter of it is another, and a cursor of the timeline."""
    memory.remember(text="glass 1")
    memory.remember(text="glass 2")
    watch = memory.watch("glass", after=AGO)
    next(watch)
    good = watch.cursor
    for index in range(0, len(good) - 1):
        other = "A" if good[index] != "A" else "B"
        with pytest.raises(FilterError):
            memory.watch("glass", cursor=good[:index] + other + good[index + 1 :])
    with pytest.raises(FilterError):
        memory.watch("glass", cursor=good[:-4])
    with pytest.raises(FilterError):
        memory.watch("glass", cursor=memory.timeline(limit=1).cursor)


def test_without_confidences_nothing_can_be_told(tmp_path: Path) -> None:
    """It is said at once; all that is compared may be had."""
    with Memory.open(tmp_path, owner="rex", encoder=PlantedEncoder()) as memory:
        with pytest.raises(QueryError, match="without confidences"):
            memory.watch("glass")
        watch = memory.watch("glass", min_confidence=0, timeout=0)
        memory.remember(depth("sea"), id="a")
        [hit] = watch
        assert (hit.record.id, hit.confidence) == ("a", None)
        assert hit.similarity is not None
