"""Two owners in one store: whatever one does, the other's memories stay as they are, unseen."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.support.planted import MAKERS, House, PlantedEncoder, picture, sound

from sensorium.errors import MediaNotFoundError, RecordNotFoundError
from sensorium.memory import Hit, Memory, Moment, Record
from sensorium.memory.moving.exporting import export_records
from sensorium.memory.moving.importing import import_records
from sensorium.qdrant import EdgeBackend, Either, Equal, Filter, Ids, Not, Present, Range

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
ENCODER = PlantedEncoder(gap=1.0, background=True)
SHARED = ["a", "b", "c"]  # ids, tags, sources and words that both owners use
THINGS = ["dog", "cat|cow", "sea|" * 3 + "sand", "sun"]
NOTHING = Not(Present("metadata.no_such_field"))  # which lets everything through


@pytest.fixture(scope="module")
def house_encoder() -> PlantedEncoder:
    return ENCODER


def snapshot(memory: Memory) -> dict[str, Any]:
    """Everything of an owner: payloads, files, and each row of vectors by its point and sense."""
    page = memory.backend.scroll(Filter(memory.owner, parts=True), limit=1000, vectors=True)
    media = memory._shelf.media
    assert media is not None
    return {
        "payloads": {point.id: point.payload for point in page.points},
        "files": {name: media.read(name) for name in media.names()},
        "rows": {
            (point.id, name): rows for point in page.points for name, rows in point.vectors.items()
        },
    }


def unchanged(memory: Memory, before: dict[str, Any]) -> bool:
    """Whether everything of an owner is as it was, bit for bit.

    But for the last bits of vectors in a client's own memory, which it normalises as it searches.
    """
    after = snapshot(memory)
    tolerance = 0.0 if isinstance(memory.backend, EdgeBackend) else 1e-6
    same = all(after[part] == before[part] for part in ("payloads", "files"))
    return (
        same
        and after["rows"].keys() == before["rows"].keys()
        and all(
            np.allclose(rows, before["rows"][key], rtol=0, atol=tolerance)
            for key, rows in after["rows"].items()
        )
    )


@pytest.fixture
def theirs(home: House) -> Memory:
    """The memory that nothing may happen to."""
    memory = home.memory(f"theirs {uuid4()}", ENCODER)
    for index, name in enumerate(SHARED):
        memory.remember(
            *(make(THINGS[index]) for make in MAKERS.values()),
            id=name,
            tags=SHARED[: index + 1],
            source=name,
            metadata={"n": index, "done": True},
            at=NOON + index * timedelta(hours=1),
        )
    memory.remember(picture("dog"))
    memory.remember(sound("sea|" * 1100 + "sea"), text="a long sea", id="long")
    memory.remember(picture("gone"), id="gone", expires_at=NOON - timedelta(days=4000))
    return memory


names = st.sampled_from(SHARED)
things = st.sampled_from(THINGS)
percepts = st.builds(lambda make, said: MAKERS[make](said), st.sampled_from(sorted(MAKERS)), things)
filters = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(names, min_size=1, max_size=2),
        "source": names,
        "text_contains": st.sampled_from(["dog", "sea"]),
        "since": st.just(NOON),
        "where": st.sampled_from(
            [
                {"done": True},
                NOTHING,
                Range("metadata.n", gte=0),
                Either((Equal("owner", "theirs"), NOTHING)),
            ]
        ),
    },
)
operations = st.one_of(
    st.tuples(st.just("remember"), st.lists(percepts, min_size=1, max_size=2), st.none() | names),
    st.tuples(st.just("many"), st.lists(percepts, max_size=4)),
    st.tuples(st.just("update"), names, percepts),
    st.tuples(st.just("retag"), names),
    st.tuples(st.just("forget"), filters),
    st.tuples(st.just("forget media"), filters),
    st.tuples(st.just("recall"), things, filters, st.booleans()),
    st.tuples(st.just("list"), filters),
    st.tuples(st.just("sweep")),
)


def perform(mine: Memory, operation: tuple[Any, ...]) -> list[Record]:
    """Do one thing; return the records it showed."""
    match operation:
        case ("remember", given, name):
            mine.remember(*given, id=name, tags=["a"], metadata={"done": True})
        case ("many", given):
            mine.remember_many([Moment((percept,)) for percept in given])
        case ("update", name, percept):
            if mine.count(where=Ids((mine_id(mine, name),))):
                return [mine.update(name, percept)]
        case ("retag", name):
            if mine.count(where=Ids((mine_id(mine, name),))):
                return [mine.update(name, tags=["b"], metadata={}, text="dog")]
        case ("forget", restricted):
            mine.forget(everything=True, **restricted)
        case ("forget media", restricted):
            mine.forget(everything=True, media_only=True, **restricted)
        case ("recall", thing, restricted, keywords):
            hits: list[Hit] = mine.recall(thing, keywords="sea" if keywords else None, **restricted)
            return [hit.record for hit in hits]
        case ("list", restricted):
            listed = list(mine.timeline(**restricted))
            assert mine.count(**restricted) == len(listed)
            return listed
        case ("sweep",):
            mine.sweep()
    return []


def mine_id(mine: Memory, name: str) -> str:
    """The point of a given id of this owner."""
    from sensorium.memory.layout.ids import point_id

    return point_id(mine.owner, name)


class Quiet:
    """An owner to whom nothing may happen, and how things are with them."""

    def __init__(self, home: House, memory: Memory) -> None:
        self.home, self.memory, self.before = home, memory, snapshot(memory)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(done=st.lists(operations, min_size=3, max_size=10))
def test_nothing_one_owner_does_touches_the_other(
    quiet: Quiet, done: list[tuple[Any, ...]]
) -> None:
    """Random operations show none of the other's records, and change no bit of them."""
    mine = quiet.home.memory(f"mine {uuid4()}", ENCODER)
    for operation in done:
        for record in perform(mine, operation):
            assert record.owner == mine.owner
    assert unchanged(quiet.memory, quiet.before)


@pytest.fixture(scope="module")
def quiet(home: House) -> Quiet:
    """An owner who does nothing, and how things are with them."""
    memory = home.memory("quiet", ENCODER)
    for index, name in enumerate(SHARED):
        given = [make(THINGS[index]) for make in MAKERS.values()]
        memory.remember(*given, id=name, tags=["a"], metadata={"n": index, "done": True}, at=NOON)
    memory.remember(picture("dog"))
    memory.remember(sound("sea|" * 1100 + "sea"), text="a long sea", id="long")
    memory.remember(picture("gone"), id="gone", expires_at=NOON - timedelta(days=4000))
    return Quiet(home, memory)


def test_the_ids_of_another_lead_nowhere(home: House, theirs: Memory) -> None:
    """Known or derived, an id of the other's is no id here: not to read, change or follow."""
    mine = home.memory(f"mine {uuid4()}", ENCODER)
    before = snapshot(theirs)
    page = theirs.backend.scroll(Filter(theirs.owner, parts=True), limit=100)
    known = [*SHARED, "long", *(point.id for point in page.points)]
    for name in known:
        for action in (
            mine.get,
            lambda name: mine.update(name, tags=["stolen"]),
            lambda name: mine.update(name, picture("stolen")),
            lambda name: mine.recall(like=name),
        ):
            with pytest.raises(RecordNotFoundError):
                action(name)
    assert mine.forget(*known) == 0
    points = Ids(tuple(point.id for point in page.points))
    assert mine.forget(where=points, media_only=True) == mine.forget(where=points) == 0
    assert mine.count(where=points) == 0
    assert unchanged(theirs, before)


def test_the_same_ids_are_different_records(home: House, theirs: Memory) -> None:
    """Taking the other's ids, even those of their points, writes to none of their points."""
    mine = home.memory(f"mine {uuid4()}", ENCODER)
    before = snapshot(theirs)
    page = theirs.backend.scroll(Filter(theirs.owner, parts=True), limit=100)
    for name in {*SHARED, "long", "gone", *(point.id for point in page.points)}:
        assert mine.remember(picture("taken"), id=name).status == "new"
        assert mine.remember(sound("taken"), id=name).status == "replaced"
        assert mine.get(name).modalities == ("audio",)
    assert unchanged(theirs, before)


def test_the_same_content_is_kept_for_each(home: House, theirs: Memory) -> None:
    """One owner's file of some content does not go with the other's."""
    mine = home.memory(f"mine {uuid4()}", ENCODER)
    made = mine.remember(picture("dog"))
    assert made.new
    medium = mine.get(made.id).media[0]
    before = snapshot(theirs)
    mine.forget(made.id)
    assert unchanged(theirs, before)
    with pytest.raises(MediaNotFoundError):
        mine.open_medium(medium)
    theirs_medium = theirs.get("a").media[1]
    assert theirs_medium.file == medium.file
    assert theirs.open_medium(theirs_medium).modality == "image"


def test_what_one_keeps_says_nothing_to_the_other(home: House, theirs: Memory) -> None:
    """Neither counts, statistics nor the calibration of one tell of the other."""
    mine = home.memory(f"mine {uuid4()}", ENCODER)
    mine.remember(picture("only"), tags=["mine"])
    stats = mine.stats()
    assert (stats["records"], stats["modalities"], stats["tags"]) == (1, {"image": 1}, {"mine": 1})
    media = mine._shelf.media
    assert media is not None
    assert stats["media_bytes"] == sum(len(media.read(name)) for name in media.names())
    calibrations = [memory._calibrator.current(memory._shelf.setup) for memory in (mine, theirs)]
    assert calibrations[0] is not calibrations[1]
    sample = mine._calibrator._sample
    assert {name: len(rows) for name, rows in sample.rows.items()} == {"image": 1}
    hits = mine.recall("dog", keywords="sea")
    assert [hit.record.owner for hit in hits] == [mine.owner]


def test_an_import_writes_to_its_owner_alone(home: House, theirs: Memory, tmp_path: Any) -> None:
    """An export of one, imported by the other, is a copy: the original stays as it is."""
    pytest.importorskip("pyarrow")
    mine = home.memory(f"mine {uuid4()}", ENCODER)
    mine.remember(picture("own"), id="a")
    before = snapshot(theirs)
    export_records(
        theirs.backend, theirs._shelf.media, owner=theirs.owner, directory=tmp_path / "x"
    )
    import_records(tmp_path / "x", mine.backend, mine._shelf.media, owner=mine.owner)
    assert unchanged(theirs, before)
    assert mine.count() >= theirs.count()
    mine.forget(everything=True)
    mine.sweep()
    assert unchanged(theirs, before)
    assert mine.count() == 0
