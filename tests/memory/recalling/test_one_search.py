"""What is superseded costs a second search only where too little is left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.memories import NOON
from tests.support.planted import PlantedEncoder

from sensorium.memory import Memory, Moment
from sensorium.qdrant import Backend
from sensorium.qdrant.backend import Search

KEPT = 60  # records that hold


@pytest.mark.parametrize(("former", "searches"), [(0, 1), (2, 1), (50, 2)])
def test_a_recall_searches_once(
    former: int, searches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best that hold are found either way, and no record that does not hold."""
    calls: list[int] = []
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(background=True)) as memory:
        old = [Moment(text=f"mug*9 o{n}", id=f"old{n}", at=NOON) for n in range(former)]
        memory.remember_many(old).raise_first()
        memory.remember_many(
            Moment(text=f"mug*3 k{n}", id=f"kept{n}", at=NOON) for n in range(KEPT)
        ).raise_first()
        for n in range(former):
            memory.remember(text=f"spoon s{n}", id=f"new{n}", supersedes=f"old{n}")
        kind: type[Backend] = type(memory.backend)
        search = kind.search

        def counted(self: Backend, asked: Sequence[Search], *rest: Any) -> Any:
            calls.append(len(asked))
            return search(self, asked, *rest)

        monkeypatch.setattr(kind, "search", counted)
        hits = memory.recall("mug", limit=10)
    assert len(hits) == 10
    assert all(hit.record.id.startswith("kept") for hit in hits)
    assert len(calls) == searches
