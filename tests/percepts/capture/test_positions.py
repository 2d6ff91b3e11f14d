"""Laws of positions: ISO 6709, and degrees in other forms."""

from __future__ import annotations

import pytest

from sensorium.percepts.capture.positions import parse_iso_6709
from sensorium.percepts.place import Place

# The Statue of Liberty, in all forms of the standard
LIBERTY = (40.689167, -74.044444)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("+40.689167-074.044444/", Place(*LIBERTY)),
        ("+40.689167-074.044444+010.5/", Place(*LIBERTY, 10.5)),
        ("+4041.35002-07402.66664/", Place(*LIBERTY)),
        ("+404121.0012-0740239.9984/", Place(*LIBERTY)),
        ("+40.689167-074.044444-002CRSWGS_84/", Place(*LIBERTY, -2.0)),
        ("-33.8568+151.2153/", Place(-33.8568, 151.2153)),
    ],
)
def test_all_forms_are_read(text: str, place: Place) -> None:
    """Degrees; with minutes; with seconds; with an altitude and its reference."""
    assert parse_iso_6709(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "Paris", "+00.0000+000.0000/", "+91.0000+000.0000/", "+4075.5-07400.0/", "+12345+1/"],
)
def test_what_is_no_place_is_none(text: str) -> None:
    """Names, zeros, latitudes beyond a pole, 75 minutes."""
    assert parse_iso_6709(text) is None
