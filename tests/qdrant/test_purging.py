"""What every store keeps when it is purged, and what it says of it."""

from __future__ import annotations

import pytest
from tests.support.stores import ME, SCHEMA, YOU, Reopen, all_ids, axis, point, read_point

from sensorium.errors import StoreClosedError
from sensorium.qdrant.backend import Backend, Search
from sensorium.qdrant.filters import Filter, Ids


@pytest.mark.slow
def test_all_that_lives_stays_as_it_is(fresh: Backend) -> None:
    """Points of every owner keep ids, payload, vectors, scores and order; others are gone."""
    rows = axis(1, 2, 3)
    fresh.upsert([point(name, {"image": axis(at)}) for at, name in enumerate("abcd")])
    fresh.upsert([point("long", {"audio": rows, "image": axis(7)}, windows={"audio": 3})])
    fresh.upsert([point("theirs", {"text": axis(4, weight=0.5)}, owner="fido", tags=["x"])])
    fresh.delete(Filter("rex", Ids((point("a").id,))))
    before = [read_point(fresh, name) for name in ("b", "c", "d", "long")]
    search = Search("image", axis(1, weight=0.9)[0], 10)
    [hits] = fresh.search([search], ME)
    fresh.check_purge(removed=0)
    purged = fresh.purge()
    assert purged.points == 6 - 1
    assert purged.done
    assert purged.not_promised
    for old, name in zip(before, ("b", "c", "d", "long"), strict=True):
        new = read_point(fresh, name)
        assert (new.id, new.payload) == (old.id, old.payload)
        assert {name: rows.tolist() for name, rows in new.vectors.items()} == {
            name: rows.tolist() for name, rows in old.vectors.items()
        }
    [again] = fresh.search([search], ME)
    assert again[0] == hits[0]
    assert {hit.id: hit.score for hit in again} == {hit.id: hit.score for hit in hits}
    assert len(all_ids(fresh, YOU)) == 1
    assert fresh.schema == SCHEMA


@pytest.mark.slow
def test_a_purged_store_is_written_on_and_opens_again(reopen: Reopen) -> None:
    """What is written after a purge is there after the next opening, and so is what stayed."""
    backend = reopen(SCHEMA)
    backend.upsert([point("a"), point("b")])
    backend.purge()
    backend.upsert([point("c", {"text": axis(2)})])
    again = reopen(SCHEMA)
    assert all_ids(again) == {point(name).id for name in "abc"}
    again.purge()
    again.purge()
    assert all_ids(reopen(SCHEMA)) == {point(name).id for name in "abc"}


def test_an_empty_store_is_purged(fresh: Backend) -> None:
    """Nothing to keep is no error."""
    assert fresh.purge().points == 0
    fresh.upsert([point("a")])
    assert len(all_ids(fresh)) == 1


@pytest.mark.slow
def test_a_closed_store_is_not_purged(fresh: Backend) -> None:
    """It says so."""
    fresh.close()
    for call in (fresh.purge, lambda: fresh.check_purge(removed=0)):
        with pytest.raises(StoreClosedError):
            call()
