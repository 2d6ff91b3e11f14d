"""An adapter closes what it opened if it cannot be made, and accepts an open memory alone."""

from __future__ import annotations

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.agents.opening import check_memory, closed_on_failure
from sensorium.errors import QueryError
from sensorium.memory import Memory


class Door:
    """Something that can be closed."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_failure_closes() -> None:
    """The error goes on, and what was opened is closed; after a success it is open."""
    door = Door()
    with closed_on_failure(door) as opened:
        assert opened is door
    assert not door.closed
    with pytest.raises(KeyboardInterrupt), closed_on_failure(door):
        raise KeyboardInterrupt
    assert door.closed


def test_only_a_memory_is_a_memory() -> None:
    """A memory is returned as it is; the error about anything else holds the remedy."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        assert check_memory(memory, remedy="open one") is memory
    with pytest.raises(QueryError, match=r"^memory='folder'; needed an open Memory; open one$"):
        check_memory("folder", remedy="open one")
