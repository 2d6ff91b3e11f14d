"""Ids for people: beginnings of ids."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sensorium.cli.ids import find_id, short_id
from sensorium.errors import QueryError, RecordNotFoundError


class Listed:
    """A memory of given ids, two a page."""

    owner = "me"

    def __init__(self, *ids: str) -> None:
        self.ids = ids

    def get(self, name: str) -> Any:
        if name in self.ids:
            return SimpleNamespace(id=name)
        raise RecordNotFoundError(name, "another", "see the others")

    def timeline(self, *, limit: int, cursor: str | None = None) -> Any:
        start = int(cursor or 0)
        page = [SimpleNamespace(id=each) for each in self.ids[start : start + 2]]
        following = str(start + 2) if start + 2 < len(self.ids) else None
        return type("Page", (list,), {"cursor": following})(page)


def test_the_beginning_of_an_id_must_mean_one() -> None:
    """Found on any page; two of one beginning are told; names are whole."""
    one, two = "0123abcd-0000-4000-8000-00000000000", "89abcdef-0000-4000-8000-000000000000"
    memory: Any = Listed(f"{one}1", f"{one}2", two, "my walk")
    assert find_id(memory, two[:8]) == two
    assert find_id(memory, "my walk") == "my walk"
    with pytest.raises(QueryError, match="2 ids"):
        find_id(memory, one[:8])
    for absent in ("my wal", "77777777", two[:7]):
        with pytest.raises(RecordNotFoundError):
            find_id(memory, absent)
    assert (short_id(two), short_id("my walk")) == (two[:8], "my walk")
