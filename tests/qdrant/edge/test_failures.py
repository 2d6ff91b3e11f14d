"""Edge's errors, which differ only in their text, get the names of ours."""

from __future__ import annotations

import pytest

from sensorium.errors import StoreError, StoreFormatError, StoreFullError, StoreLockedError
from sensorium.qdrant.edge.failures import translated_error


@pytest.mark.parametrize(
    ("text", "opening", "kind"),
    [
        ("No space left on device", False, StoreFullError),
        ("write failed (os error 28)", True, StoreFullError),
        ("Disk quota exceeded", False, StoreFullError),
        ("WouldBlock: held elsewhere", True, StoreLockedError),
        ("torn segment", True, StoreFormatError),
        ("bad request", False, StoreError),
    ],
)
def test_each_failure_has_its_error(text: str, opening: bool, kind: type[StoreError]) -> None:
    """The text of Edge decides, and whether the shard was being opened."""
    error = translated_error(Exception(text), "the memory 'here'", opening=opening)
    assert type(error) is kind
    assert "the memory 'here'" in error.came
