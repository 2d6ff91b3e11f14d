"""Remembering: what is kept is what was given, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.memories import (
    HOUR,
    NOISE,
    NOON,
    everything,
    files,
    parts,
)
from tests.support.planted import (
    motion,
    picture,
    sound,
)

from sensorium.errors import (
    ArgumentTypeError,
    BatchError,
    PerceptTooShortError,
    RecordError,
)
from sensorium.memory import Memory, Moment
from sensorium.percepts import Image, Span

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


@pytest.mark.slow
def test_a_replaced_record_leaves_no_parts(memory: Memory) -> None:
    """Points that continued what stood under the id are gone."""
    memory.remember(sound(NOISE), id="a")
    assert parts(memory) == 2
    memory.remember(sound("bark"), id="a")
    assert parts(memory) == 0
    assert memory.recall("n2300", limit=1)[0].span == Span(0, 1)


def test_what_cannot_be_encoded_leaves_nothing(memory: Memory) -> None:
    """One bad percept: neither a point nor a file of the others is left, and the error names it."""
    with pytest.raises(BatchError, match="whose audio") as caught:
        memory.remember(picture("dog"), sound("unreadable"))
    assert set(caught.value.failures) == {1}
    with pytest.raises(PerceptTooShortError):
        memory.remember(sound("unreadable"))
    assert (memory.count(), files(memory)) == (0, set())


def test_what_has_expired_can_be_remembered_again(memory: Memory) -> None:
    """The same content is new when the record of it has expired, though it was not swept yet."""
    memory.remember(sound(NOISE), expires_at=NOON - 5000 * HOUR)
    again = memory.remember(sound(NOISE))
    assert again.status == "new"
    assert memory.get(again.id).expires_at is None


def test_files_of_an_expired_record_go_when_its_id_is_used_again(memory: Memory) -> None:
    """It counts as new, but nothing of the expired record is left."""
    memory.remember(picture("dog"), id="x", expires_at=NOON - 5000 * HOUR)
    assert memory.remember(sound("bark"), id="x").status == "new"
    assert files(memory) == {memory.get("x").media[0].file}


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
    bad = [Moment((sound("unreadable"),)), Moment(), Moment(tags=5, text="x")]  # type: ignore[arg-type]  # what must be refused
    report = memory.remember_many([good[0], bad[0], bad[1], good[1], bad[2], good[2]])
    assert [failure.index for failure in report.failures] == [1, 2, 4]
    kinds = [type(failure.error) for failure in report.failures]
    assert kinds == [PerceptTooShortError, RecordError, RecordError]
    assert report.new == memory.count() == 3
    assert report.reasons == {"RecordError": 2, "PerceptTooShortError": 1}
    assert "3 FAILED (RecordError: 2, PerceptTooShortError: 1); the first, moment 1: " in repr(
        report
    )


@pytest.mark.parametrize(
    "wrong",
    [
        [{"text": "a"}],
        ({"text": word} for word in ("a", "b")),
        ["words"],
        5,
        "words",
        {"text": "a"},
        Moment(text="a"),
        picture("dog"),
    ],
    ids=["dicts", "generator", "texts", "number", "text", "dict", "moment", "percept"],
)
def test_what_is_no_stream_of_moments_is_refused_at_once(memory: Memory, wrong: Any) -> None:
    """The caller has mistaken what to pass: nobody has to look into a report for that."""
    with pytest.raises(ArgumentTypeError, match=r"Moment\(text=") as caught:
        memory.remember_many(wrong)
    assert isinstance(caught.value, TypeError)
    assert memory.count() == 0


def test_what_came_before_something_else_than_a_moment_is_kept(memory: Memory) -> None:
    """A stream that breaks keeps what came, and the error says where it broke."""
    stream: list[Any] = [picture(f"p{i}") for i in range(5)] + ["words", picture("later")]
    with pytest.raises(ArgumentTypeError, match="moment 5"):
        memory.remember_many(stream, batch_size=2)
    assert memory.count() == 5


@pytest.mark.parametrize(
    "call",
    [
        lambda memory: memory.get_many(5),
        lambda memory: memory.get_many("abc"),
        lambda memory: memory.percepts(5),
        lambda memory: memory.open_medium(5),
        lambda memory: memory.update("x", vectors={}, retain=5),
        lambda memory: memory.update("x", vectors={}, retain="abc"),
        lambda memory: memory.import_(5),
        lambda memory: memory.export(5),
        lambda memory: memory.remember(text="a", cancel=5),
    ],
    ids=range(9),
)
def test_an_argument_of_another_type_is_an_error_of_ours(memory: Memory, call: Any) -> None:
    """It says what came, what was needed and what to do, and is a TypeError, too."""
    memory.remember(text="x", id="x")
    with pytest.raises(ArgumentTypeError) as caught:
        call(memory)
    assert isinstance(caught.value, TypeError)
    assert memory.count() == 1


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


@pytest.mark.parametrize("damage", ["gone", "empty", "zeros"])
@pytest.mark.parametrize("named", [True, False])
def test_remembering_again_restores_a_lost_file(memory: Memory, damage: str, named: bool) -> None:
    """What is known is left as it is, but for a file that it has lost."""
    options: dict[str, Any] = {"text": "Rex", "at": NOON, "id": "x" if named else None}
    made = memory.remember(picture("dog"), sound("bark"), **options)
    media, before = memory._shelf.media, everything(memory)
    assert media is not None
    for medium in memory.get(made.id).media:
        if medium.file is not None:
            path = media.path(medium.file)
            assert path is not None
            if damage == "gone":
                path.unlink()
            else:
                path.write_bytes(b"" if damage == "empty" else bytes(medium.bytes))
    report = memory.remember_many([Moment((picture("dog"), sound("bark")), **options)])
    assert report.known == 1
    assert everything(memory) == before
    assert all(media.intact(m.file, m.bytes) for m in memory.get(made.id).media if m.file)
    assert len(memory.percepts(memory.get(made.id))) == 3


def test_a_lost_file_that_cannot_be_restored_leaves_the_record_known(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The record is there all the same; the log says that its file is not."""
    memory.remember(picture("dog"), sound("bark"))
    media = memory._shelf.media
    assert media is not None
    media.remove([medium.file for medium in memory.timeline()[0].media if medium.file])
    monkeypatch.setattr(media, "quota", 1)
    assert memory.remember(picture("dog"), sound("bark")).status == "known"
    assert "was not restored" in caplog.text
