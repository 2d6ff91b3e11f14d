"""An error names the argument that was given, and what it advises is an argument of that call."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.memories import ENCODER

from sensorium.errors import SensoriumError
from sensorium.memory import Memory

SEA = (48.8, 2.3)
WRONG: dict[str, tuple[Callable[[Memory], object], str]] = {
    "several with_": (lambda m: m.share(with_=["ben"], everything=True), "with_"),  # type: ignore[arg-type]  # what is tested
    "blank with_": (lambda m: m.share(with_="", everything=True), "with_"),
    "with_ to end": (lambda m: m.unshare(with_=["ben"]), "with_"),  # type: ignore[arg-type]  # as above
    "from_ to end": (lambda m: m.unshare(from_=" ben"), "from_"),
    "protect": (lambda m: m.digest(protect="holiday"), "protect"),
    "tags": (lambda m: m.share(with_="ben", tags="holiday"), "tags"),
}


@pytest.fixture(scope="module")
def memory() -> Memory:
    return Memory.open(":memory:", owner="rex", encoder=ENCODER)


@pytest.mark.parametrize(("call", "name"), WRONG.values(), ids=WRONG)
def test_the_argument_is_named(memory: Memory, call: Callable[[Memory], object], name: str) -> None:
    """In what came and in what to write."""
    with pytest.raises(SensoriumError) as raised:
        call(memory)
    assert raised.value.came.startswith(f"{name}=")
    assert raised.value.remedy.startswith(f"write {name}=")


@pytest.mark.parametrize(
    "name", ["", " ", " home ", "home\n", "ho\tme", 5, None, "a" * 510], ids=repr
)
def test_what_is_no_name_of_a_place_is_refused(memory: Memory, name: str) -> None:
    """As the name of a place: a blank at an end would make a second place that reads the same."""
    memory.name_place("home", SEA)
    with pytest.raises(SensoriumError, match="of a place") as raised:
        memory.name_place(name, SEA)
    assert "id" not in raised.value.remedy.split()
    assert set(memory.places()) == {"home"}
