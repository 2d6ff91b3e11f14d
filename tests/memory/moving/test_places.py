"""A place goes where its record goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.exports import change_payload
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import ExportFormatError
from sensorium.memory import Memory
from sensorium.percepts import Place

HARBOUR = Place(54.3, -13.4, 2.5)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """An export of one record that has a place."""
    with Memory.open(tmp_path / "one", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(picture("boat"), id="boat", place=HARBOUR)
        memory.export(tmp_path / "export")
    return tmp_path / "export"


def test_an_export_keeps_the_place(exported: Path, tmp_path: Path) -> None:
    """Into a memory that had none."""
    with Memory.open(tmp_path / "two", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(text="no place")
        memory.import_(exported)
        assert memory.get("boat").place == HARBOUR


@pytest.mark.parametrize(
    "place",
    [
        {"lat": 91.0, "lon": 0.0},
        {"lat": 1.0},
        {"lat": "1", "lon": 2.0},
        {"lat": 1.0, "lon": 2.0, "planet": "Mars"},
        [1.0, 2.0],
    ],
)
def test_a_forged_place_is_refused(
    exported: Path, tmp_path: Path, place: Mapping[str, Any]
) -> None:
    """Before anything is written."""
    change_payload(exported, place=place)
    with Memory.open(tmp_path / "two", owner="rex", encoder=PlantedEncoder()) as memory:
        with pytest.raises(ExportFormatError, match="place"):
            memory.import_(exported)
        assert memory.count() == 0
