"""A digest: the telling moments of old streams stay, the rest goes, and nothing else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from tests.support.memories import ENCODER, NOON, everything, files
from tests.support.planted import House, picture, sound
from tests.support.sharing import another
from tests.support.streamed import (
    FRAMES,
    HAPPENED,
    START,
    frame,
    happened,
    streamed,
    times,
    totals,
)

from sensorium.errors import OperationCancelledError, QueryError, ReadOnlyError, RecordError
from sensorium.memory import AsyncMemory, Memory, Moment
from sensorium.memory.digesting import digester
from sensorium.memory.digesting.digester import Digester


@pytest.mark.slow
def test_what_happened_stays(memory: Memory) -> None:
    """Of 90 frames of a camera what happened once is still found; most of the rest is gone."""
    streamed(memory)
    receipt = memory.digest(older_than="90d", keep="episodes")
    assert set(happened()) <= times(memory)
    for words in HAPPENED.values():
        assert words in str(memory.recall(words, limit=1)[0].record.media[0].uri)
    assert memory.count() == receipt.kept == receipt.frames - receipt.dropped
    assert receipt.kept < receipt.frames / 3
    assert len(files(memory)) == receipt.kept  # the others are gone from the disk


def test_each_episode_keeps_a_moment(memory: Memory) -> None:
    """Every scene of every day is still there."""
    streamed(memory)
    memory.digest()
    left = {(at.date(), (at - START).seconds // 60 * 3 // FRAMES) for at in times(memory)}
    assert len(left) == 9


@pytest.mark.slow
def test_a_dry_run_says_the_same_and_changes_nothing(memory: Memory) -> None:
    """The receipt of a dry run is that of the digest after it."""
    streamed(memory)
    before = everything(memory)
    promised = memory.digest(dry_run=True)
    assert promised.dry_run
    assert everything(memory) == before
    receipt = memory.digest()
    assert not receipt.dry_run
    assert totals(receipt) == totals(promised)


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["episodes", 20, 0.1])
def test_a_second_digest_drops_nothing(memory: Memory, keep: Any) -> None:
    """What a digest has kept the next one keeps, too."""
    streamed(memory)
    first = memory.digest(keep=keep)
    left = times(memory)
    again = memory.digest(keep=keep)
    assert first.dropped > 0
    assert again.dropped == again.bytes == 0
    assert again.stayed == {"earlier": first.kept}
    assert again.bytes_left == first.bytes_left
    assert times(memory) == left


@pytest.mark.slow
@pytest.mark.parametrize(("keep", "left"), [(20, 20), (1, 1), (0.1, 9), (10_000, 90)])
def test_a_number_or_a_share_stays(memory: Memory, keep: Any, left: int) -> None:
    """As many stay as are asked for, or all there are."""
    assert streamed(memory).digest(keep=keep).kept == memory.count() == left


@pytest.mark.slow
def test_the_most_telling_go_last(memory: Memory) -> None:
    """What happened is among a tenth that stays."""
    streamed(memory).digest(keep=0.1)
    assert set(happened()) <= times(memory)


STAYING: dict[str, tuple[str, Callable[[datetime], Moment]]] = {
    "a person's words": ("origin", lambda at: Moment(text="mine", at=at, origin="person")),
    "without an origin": ("origin", lambda at: Moment((picture("x"),), at=at)),
    "of the web": ("origin", lambda at: Moment((picture("x"),), at=at, origin="web")),
    "words on a frame": (
        "words",
        lambda at: Moment((picture("x"),), text="my keys", at=at, origin="sensor"),
    ),
    "an expiry": (
        "expiry",
        lambda at: Moment(
            (picture("x"),),
            at=at,
            origin="sensor",
            expires_at=datetime.now(timezone.utc) + timedelta(days=9),
        ),
    ),
    "a tag": ("tags", lambda at: Moment((picture("x"),), at=at, origin="sensor", tags=["dear"])),
    "a photo from a file": ("single", lambda at: Moment((picture("x"),), at=at, origin="file")),
    "without vectors": (
        "no vectors",
        lambda at: Moment((picture("x"),), at=at, origin="sensor", vectors={}),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("reason", "made"), STAYING.values(), ids=STAYING)
def test_what_is_no_frame_stays(
    memory: Memory, reason: str, made: Callable[[datetime], Moment]
) -> None:
    """Records that are no frames stay, and the receipt says why."""
    [kept] = memory.remember_many([made(START + timedelta(minutes=5, seconds=1))]).remembered
    streamed(memory, days=1)
    receipt = memory.digest(keep=1, protect=["dear"])
    assert memory.count() == 2
    assert memory.get(kept.id)
    assert receipt.stayed == {"telling": 1, reason: 1}


@pytest.mark.slow
def test_what_supersedes_and_what_is_superseded_stays(memory: Memory) -> None:
    """A chain of what held before is never broken."""
    first = memory.remember(picture("a"), at=START, origin="sensor").id
    then = memory.remember(picture("b"), at=START, origin="sensor", supersedes=first).id
    memory.update(then, tags=["x"], history=True)
    streamed(memory, days=1)
    receipt = memory.digest(keep=1)
    assert receipt.stayed["versions"] == 3
    assert [each.id for each in memory.history(then)][-1] == first


def test_a_label_of_a_stream_is_no_word_of_its_own(memory: Memory) -> None:
    """Words that all frames of a stream have do not keep them; those of a single one do."""
    streamed(memory, days=1, text="front camera")
    own = memory.remember_many([frame(1, 3, text="Ben comes home")]).remembered[0]
    memory.digest(keep=1)
    assert memory.count() == 2
    assert memory.get(own.id).text == "Ben comes home"


def test_words_that_were_written_on_frames_are_no_label(memory: Memory) -> None:
    """The same words, written on many frames afterwards, keep each of them."""
    streamed(memory, days=1)
    named = [record.id for record in memory.timeline(limit=10).records]
    for name in named:
        memory.update(name, text="my birthday")
    receipt = memory.digest(keep=1)
    assert receipt.stayed == {"words": 10, "telling": 1}
    assert len(memory.get_many(named)) == 10


def test_a_row_of_a_recording_is_of_frames(memory: Memory) -> None:
    """Many records of one recording are frames; a photo from a file is none."""
    for number in range(FRAMES):
        seen = picture(f"hall n{number}*0.1")
        named = seen.with_source(seen.source, at=None, uri=f"file:///day.bag#/camera@{number}")
        memory.remember(named, at=START + timedelta(seconds=number), origin="file")
    memory.remember(picture("photo"), at=START, origin="file")
    receipt = memory.digest(keep=3)
    assert receipt.stayed == {"telling": 3, "single": 1}


@pytest.mark.slow
def test_a_named_source_is_a_row_whatever_its_origin(memory: Memory) -> None:
    """Frames of an earlier release have no origin: they go where the call names their source."""
    streamed(memory, days=1, origin=None)
    assert memory.digest(keep=3).frames == 0
    assert memory.digest(keep=3, source="camera").kept == 3
    assert memory.count() == 3


@pytest.mark.slow
def test_filters_restrict_a_digest(memory: Memory) -> None:
    """Only frames that the filters let through go."""
    streamed(memory, days=1)
    streamed(memory, days=1, source="door")
    receipt = memory.digest(keep=1, source="door")
    assert memory.count(source="camera") == FRAMES
    assert memory.count(source="door") == receipt.kept == 1


@pytest.mark.slow
def test_what_is_young_stays(memory: Memory) -> None:
    """Frames that are younger than asked for are not looked at; whole days are."""
    streamed(memory, days=3)
    age = datetime.now(timezone.utc) - START - timedelta(days=1, hours=3)
    receipt = memory.digest(older_than=age, keep=1)
    assert receipt.before.hour == receipt.before.minute == 0
    assert receipt.looked_at == receipt.frames == FRAMES
    assert memory.count() == 2 * FRAMES + 1


def test_a_frame_that_goes_on_is_not_old(memory: Memory) -> None:
    """What began before the day and ended in it stays."""
    before = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    at = before - timedelta(days=100) - timedelta(seconds=1)
    memory.remember(sound("a|b|c"), at=at, origin="sensor")
    assert memory.digest(older_than="100d", keep=1, dry_run=True).stayed == {"recent": 1}


@pytest.mark.slow
def test_a_file_that_another_record_names_stays(memory: Memory) -> None:
    """Content that is kept once for two records goes with the last of them."""
    streamed(memory, days=1)
    memory.remember_many([replace(frame(0, 7), id="mine", at=NOON, origin="person")])
    receipt = memory.digest(keep=1)
    assert receipt.media_files <= receipt.dropped
    assert len(files(memory)) == 2
    assert memory.open_medium(memory.get("mine").media[0])


@pytest.mark.slow
def test_another_owner_is_not_touched(home: House) -> None:
    """A digest drops frames of its owner alone."""
    mine, theirs = (home.memory(str(uuid4()), ENCODER) for _ in range(2))
    streamed(mine, days=1)
    streamed(theirs, days=1)
    before = everything(theirs)
    mine.digest(keep=1)
    assert everything(theirs) == before
    assert len(files(theirs)) == FRAMES


@pytest.mark.slow
def test_a_bound_holds(memory: Memory) -> None:
    """The least telling frames go until what stays takes no more than the bound."""
    streamed(memory)
    kept = memory.digest(dry_run=True)
    bound = kept.bytes_left - 20_000
    receipt = memory.digest(most_bytes=bound)
    assert receipt.bytes_left <= bound
    assert 0 < receipt.kept < kept.kept
    assert set(happened()) <= times(memory)
    assert memory.digest(most_bytes=bound).dropped == 0
    tighter = memory.digest(most_bytes=receipt.bytes_left - 1)  # what was kept goes, too
    assert tighter.dropped >= 1


@pytest.mark.slow
def test_a_bound_that_cannot_hold_is_refused(memory: Memory) -> None:
    """Where what stays anyhow takes more than the bound, nothing is dropped."""
    streamed(memory, days=1)
    memory.remember_many(Moment((picture(f"new {i}"),)) for i in range(20))
    before = everything(memory)
    with pytest.raises(QueryError, match="nothing was dropped"):
        memory.digest(most_bytes="10 kB")
    assert everything(memory) == before


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "negative": ({"older_than": timedelta(days=-1)}, QueryError, "positive length of time"),
    "negative text": ({"older_than": "-3d"}, QueryError, "positive length of time"),
    "no unit": ({"older_than": "90"}, QueryError, "positive length of time"),
    "no age": ({"older_than": None}, QueryError, "positive length of time"),
    "NaN": ({"keep": float("nan")}, QueryError, "a share between 0 and 1"),
    "more than all": ({"keep": 1.5}, QueryError, "a share between 0 and 1"),
    "nothing": ({"keep": 0}, QueryError, "keeps nothing"),
    "no share": ({"keep": 0.0}, QueryError, "keeps nothing"),
    "negative number": ({"keep": -3}, QueryError, "a whole number from 1"),
    "a truth": ({"keep": True}, QueryError, "a whole number from 1"),
    "another word": ({"keep": "all"}, QueryError, "episodes"),
    "no bytes": ({"most_bytes": 0}, QueryError, "a number of bytes"),
    "no size": ({"most_bytes": "much"}, QueryError, "a number of bytes"),
    "half a byte": ({"most_bytes": "0.5 B"}, QueryError, "a number of bytes"),
    "a tag alone": ({"protect": "dear"}, RecordError, "a list of names"),
    "people": ({"origins": ["person"]}, QueryError, "what persons said"),
}


@pytest.mark.parametrize(("given", "error", "said"), WRONG.values(), ids=WRONG)
def test_what_makes_no_sense_is_refused(
    memory: Memory, given: dict[str, Any], error: type[Exception], said: str
) -> None:
    """A wrong argument changes nothing, and the error says what to do."""
    memory.remember_many([frame(0, 0)]).raise_first()
    with pytest.raises(error, match=said):
        memory.digest(**given)
    assert memory.count() == 1


@pytest.mark.slow
def test_an_age_beyond_the_calendar_means_nothing(memory: Memory) -> None:
    """Nothing is older than all time."""
    assert streamed(memory, days=1).digest(older_than="900000w").looked_at == 0


def test_an_empty_memory_is_digested(memory: Memory) -> None:
    """Nothing goes where there is nothing."""
    receipt = memory.digest()
    assert (receipt.looked_at, receipt.dropped, receipt.spans) == (0, 0, ())


@pytest.mark.slow
def test_what_somebody_tags_meanwhile_stays(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame that got words of its own after the plan was made is not dropped."""
    streamed(memory, days=1)
    last = memory.timeline(limit=1).records[0].id
    mark = Digester._mark

    def mark_and_write(self: Digester, piece: Any) -> None:
        mark(self, piece)
        memory.update(last, text="the last I saw of it")

    monkeypatch.setattr(Digester, "_mark", mark_and_write)
    receipt = memory.digest(keep=1)
    assert memory.get(last).text == "the last I saw of it"
    assert receipt.stayed["changed"] == 1


@pytest.mark.slow
def test_a_digest_that_is_given_up_has_lost_nothing(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up in the middle, what is meant to stay is there, and another call ends the work."""
    monkeypatch.setattr(digester, "PIECE", 16)
    streamed(memory)
    planned = memory.digest(dry_run=True)
    drop, pieces = Digester._drop, list[int]()

    def drop_twice(self: Digester, piece: Any, frames: Any) -> None:
        pieces.append(len(piece))
        if len(pieces) == 3:
            raise KeyboardInterrupt
        drop(self, piece, frames)

    with monkeypatch.context() as patch:
        patch.setattr(Digester, "_drop", drop_twice)
        with pytest.raises(KeyboardInterrupt):
            memory.digest()
    assert memory.count() == planned.frames - 32 > planned.kept
    assert set(happened()) <= times(memory)
    receipt = memory.digest()
    assert receipt.dropped > 0
    assert planned.kept <= memory.count() <= planned.kept * 1.5
    assert set(happened()) <= times(memory)
    assert memory.digest().dropped == 0


@pytest.mark.slow
def test_a_digest_can_be_cancelled(memory: Memory) -> None:
    """`cancel` ends it before anything goes."""
    streamed(memory, days=1)
    stop = Event()
    stop.set()
    with pytest.raises(OperationCancelledError):
        memory.digest(cancel=stop)
    assert memory.count() == FRAMES


@pytest.mark.slow
def test_progress_is_told(memory: Memory) -> None:
    """The last call says that all of them went."""
    told: list[tuple[int, int | None]] = []
    receipt = streamed(memory, days=1).digest(progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (receipt.dropped, receipt.dropped)


def test_a_memory_that_is_read_is_not_digested(tmp_path: Path) -> None:
    """A memory that is only read says what would go."""
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER) as memory:
        streamed(memory, days=1)
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER, read_only=True) as memory:
        assert memory.digest(dry_run=True).dropped > 0
        with pytest.raises(ReadOnlyError):
            memory.digest()


def test_another_process_writes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another process remembers during a digest is there afterwards, with its files."""
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER) as memory:
        streamed(memory, days=1)
        other = another(memory)
        mark = Digester._mark

        def mark_and_write(self: Digester, piece: Any) -> None:
            mark(self, piece)
            other.remember_many([frame(0, 3, "late news"), *frame_twice()])

        monkeypatch.setattr(Digester, "_mark", mark_and_write)
        memory.digest(keep=1)
        assert memory.recall("late news", limit=1)[0].record.media
        for record in memory.timeline().records:
            assert memory.open_medium(record.media[0])


def frame_twice() -> list[Moment]:
    """Content that is kept already, as a record that is young."""
    return [Moment(frame(0, 9).percepts, id="again")]


def test_the_store_is_made_small_on_disk(tmp_path: Path) -> None:
    """With a bound the store's files are written anew: what went takes no room any more."""
    with Memory.open(tmp_path / "home", owner="rex", encoder=ENCODER) as memory:
        streamed(memory, days=3)
        memory.flush()
        before = memory.backend.stats()["bytes"]
        memory.digest(most_bytes="1 GB")
        assert memory.backend.stats()["bytes"] < before


@pytest.mark.slow
def test_asynchronous_programs_digest_too(memory: Memory) -> None:
    """`AsyncMemory.digest` is the same."""
    streamed(memory, days=1)

    async def digested() -> int:
        return (await AsyncMemory(memory).digest(keep=2)).kept

    assert asyncio.run(digested()) == 2
