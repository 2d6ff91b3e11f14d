"""What a digest is asked for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from sensorium.errors import QueryError
from sensorium.memory.digesting.weighing import BLOCK, on_disk, recording_keys
from sensorium.memory.digesting.wish import Wish, parse_bytes


@pytest.mark.parametrize(
    ("given", "bytes_"),
    [("2 GB", 2e9), ("500MiB", 500 * 2**20), ("1.5 kB", 1500), ("1tb", 1e12), (7, 7), ("9 B", 9)],
)
def test_a_size_is_read(given: str | int, bytes_: float) -> None:
    """Decimal and binary units, and plain numbers."""
    assert parse_bytes(given) == bytes_


@pytest.mark.parametrize("given", ["2", "GB", "-2 GB", 2.5, None, True, -1, "1 GBB", "nan GB"])
def test_what_is_no_size_is_refused(given: object) -> None:
    """The error shows what was given."""
    with pytest.raises(QueryError, match="a number of bytes"):
        parse_bytes(given)


def test_days_are_old_as_a_whole() -> None:
    """The bound is the start of a day, at most a day before the age."""
    wish = Wish.parsed("30d", "episodes", None, ())
    then = datetime.now(timezone.utc) - timedelta(days=30)
    assert timedelta() <= then - wish.before < timedelta(days=1, seconds=5)
    assert (wish.before.hour, wish.before.minute, wish.before.second) == (0, 0, 0)


@pytest.mark.parametrize(("size", "taken"), [(0, 0), (1, BLOCK), (BLOCK, BLOCK), (5000, 8192)])
def test_files_take_whole_blocks(size: int, taken: int) -> None:
    """As on a disk."""
    assert on_disk(size) == taken


def test_a_recording_is_known_by_its_address() -> None:
    """Parts of one file have one key; a whole file has none."""
    part = {"media": [{"uri": "file:///day.bag#/camera@1"}]}
    other = {"media": [{"uri": "file:///day.bag#/camera@2"}]}
    assert recording_keys(part) == recording_keys(other) != set()
    assert recording_keys({"media": [{"uri": "file:///photo.jpg"}, {}]}) == set()
