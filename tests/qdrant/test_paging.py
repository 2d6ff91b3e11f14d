"""Every store pages through its points without losing or repeating one."""

from __future__ import annotations

import base64
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stores import ME, NOON, D, point

from sensorium.errors import (
    FilterError,
)
from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import (
    Equal,
    Filter,
    Ids,
)
from sensorium.qdrant.points import StoredPoint, iso


def pages(backend: Backend, filter: Filter = ME, **options: Any) -> list[StoredPoint]:
    found: list[StoredPoint] = []
    cursor: str | None = None
    for _ in range(100):
        page = backend.scroll(filter, cursor=cursor, **options)
        assert len(page.points) <= options["limit"]
        found += page.points
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.slow
@pytest.mark.parametrize("newest_first", [None, True, False])
@pytest.mark.parametrize("limit", [1, 4, 100])
def test_pages_neither_lose_nor_repeat(
    backend: Backend, newest_first: bool | None, limit: int
) -> None:
    """Every point once, in order, also with more equal times than a page holds."""
    minutes = [*[0] * 9, 1, 2, 2, *[3] * 5, 4, 5, 6, 6, 6, 6]
    random.Random(1).shuffle(minutes)
    points = [
        point(f"p{k}", at=iso(NOON + timedelta(minutes=minute))) for k, minute in enumerate(minutes)
    ]
    backend.upsert([*points, point("yours", owner="fido")])
    found = pages(backend, limit=limit, newest_first=newest_first)
    assert sorted(p.id for p in found) == sorted(p.id for p in points)
    if newest_first is not None:
        order = [p.payload["at"] for p in found]
        assert order == sorted(order, reverse=newest_first)
        for time in set(order):  # the same on every store, whatever the order of writing
            ids = [p.id for p in found if p.payload["at"] == time]
            assert ids == sorted(ids)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_page_goes_on_where_its_last_point_was_removed(
    backend: Backend, newest_first: bool
) -> None:
    """Among points of one time, too: none of the others is lost or repeated."""
    points = [point(f"p{k}") for k in range(7)]
    backend.upsert(points)
    first = backend.scroll(ME, limit=3, newest_first=newest_first)
    backend.delete(Filter("rex", Ids((first.points[-1].id,))))
    rest = backend.scroll(ME, limit=9, newest_first=newest_first, cursor=first.cursor)
    assert [p.id for p in rest.points] == sorted(p.id for p in points)[3:]


@pytest.mark.parametrize("newest_first", [None, True])
def test_pages_carry_what_was_asked_for(backend: Backend, newest_first: bool | None) -> None:
    """Payload keys, vectors and conditions hold on every page."""
    backend.upsert([point(f"p{k}", tags=["x"] if k % 2 else [], source="s") for k in range(10)])
    found = pages(
        backend,
        Filter("rex", Equal("tags", "x")),
        limit=2,
        newest_first=newest_first,
        payload=["source"],
        vectors=["image"],
    )
    assert len(found) == 5
    assert all(p.payload["source"] == "s" and "tags" not in p.payload for p in found)
    assert all(p.vectors["image"].shape == (1, D) for p in found)


def test_no_points_make_one_empty_page(backend: Backend) -> None:
    """There is always a page, and nothing after the last."""
    for newest_first in (None, True, False):
        page = backend.scroll(ME, limit=5, newest_first=newest_first)
        assert (list(page.points), page.cursor) == ([], None)


@pytest.mark.parametrize("newest_first", [None, True])
def test_a_cursor_that_no_page_gave_is_refused(backend: Backend, newest_first: bool | None) -> None:
    """It may come from an agent: an error, not a wrong page."""
    backend.upsert([point("a")])
    for cursor in ("nonsense", "e30=", base64.b64encode(b'["noon", []]').decode()):
        with pytest.raises(FilterError, match="cursor"):
            backend.scroll(ME, limit=5, newest_first=newest_first, cursor=cursor)
