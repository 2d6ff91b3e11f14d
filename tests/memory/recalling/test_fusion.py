"""Fusing ranked lists without a scale."""

from __future__ import annotations

import pytest

from sensorium.errors import QueryError
from sensorium.memory.recalling.fusion import fuse_ranks


def test_reciprocal_ranks_add_up() -> None:
    """A record in two lists beats the first of one; the modality of the better rank is named."""
    lists = {"image": [("a", 0.9), ("b", 0.5)], "audio": [("c", 0.4), ("d", 0.3), ("b", 0.2)]}
    fused = fuse_ranks(lists, method="rrf")
    record, score, modality = fused[0]
    assert (record, modality) == ("b", "image")
    assert score == pytest.approx(1 / 62 + 1 / 63)
    assert [found for found, *_ in fused] == ["b", "a", "c", "d"]


def test_distributions_are_put_on_one_scale() -> None:
    """Each list counts by its own mean and spread, whatever its range."""
    lists = {
        "image": [("a", 0.9), ("b", 0.7)],
        "audio": [("c", 9.0), ("d", 7.0)],
        "imu": [("e", 1.0)],
    }
    fused = {found: score for found, score, _ in fuse_ranks(lists, method="dbsf")}
    assert fused["a"] == pytest.approx(fused["c"]) == pytest.approx(0.5 + 1 / 6)
    assert fused["b"] == pytest.approx(fused["d"]) == pytest.approx(0.5 - 1 / 6)
    assert fused["e"] == 0.5


@pytest.mark.parametrize("method", ["rrf", "dbsf"])
def test_empty_lists_fuse_to_an_empty_one(method: str) -> None:
    """Empty lists fuse to an empty one."""
    assert fuse_ranks({"image": [], "audio": []}, method=method) == []


def test_unknown_fusions_are_refused() -> None:
    """The error names the known methods."""
    with pytest.raises(QueryError, match="rrf, dbsf"):
        fuse_ranks({}, method="centred")
