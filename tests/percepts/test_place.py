"""Laws of `Place`: degrees and metres, in range."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.errors import PerceptValueError
from sensorium.percepts import Place


@pytest.mark.parametrize(
    "numbers",
    [
        (90.5, 0.0),
        (0.0, 181.0),
        (float("nan"), 0.0),
        ("48", 2.0),
        (True, 2.0),
        (48.0, 2.0, float("inf")),
        (48.0, 2.0, -20_000.0),
    ],
)
def test_numbers_out_of_range_are_refused(numbers: tuple[Any, ...]) -> None:
    """A latitude and a longitude that were exchanged are often found so."""
    with pytest.raises(PerceptValueError, match=r"Place\(latitude, longitude\)"):
        Place(*numbers)


def test_a_place_is_plain() -> None:
    """Whole numbers become floats; the dictionary is JSON-ready."""
    assert Place(48, 2).to_dict() == {"latitude": 48.0, "longitude": 2.0, "altitude": None}
    assert Place(48, 2) == Place(48.0, 2.0)
