"""What is asked for surely is looked for among all points, whatever an index leads to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.memories import NOON
from tests.support.planted import PlantedEncoder

from sensorium.memory import Memory
from sensorium.qdrant import Backend
from sensorium.qdrant.backend import Search


@pytest.mark.parametrize(
    ("ask", "exact"),
    [
        (lambda memory: memory.recall("mug"), False),
        (lambda memory: memory.recall("mug", min_confidence=0.5), True),
        (lambda memory: memory.recall(sequence=["mug", "knock"]), True),
        (lambda memory: memory.first("mug"), True),
        (lambda memory: memory.how_often("mug"), True),
    ],
)
def test_an_answer_that_may_be_none_compares_all_points(
    ask: Any, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ "Never" and "nothing" are only said after everything was looked at."""
    seen: list[bool] = []
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(background=True)) as memory:
        memory.remember(text="mug*3 one", at=NOON)
        kind: type[Backend] = type(memory.backend)
        search = kind.search

        def looked(self: Backend, searches: Sequence[Search], *rest: Any) -> Any:
            seen.extend(each.exact for each in searches)
            return search(self, searches, *rest)

        monkeypatch.setattr(kind, "search", looked)
        ask(memory)
    assert seen
    assert seen[0] is exact
