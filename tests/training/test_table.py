"""The table of figures that the encoder is described by."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.table import Table, interval, read_table


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [(0.5, 100, "0.40 to 0.60"), (1.0, 20, "0.84 to 1.00"), (0.0, 20, "0.00 to 0.16")],
)
def test_intervals_are_wilsons(share: float, count: int, expected: str) -> None:
    """As computed by hand, also where nothing or all is right."""
    assert interval(share, count) == expected


def test_an_earlier_table_is_shown_beside(tmp_path: Path) -> None:
    """By its tasks, in whatever order they stand; a new task has none."""
    earlier = Table()
    earlier.add("motion", 0.25, count=40, on="4 names")
    earlier.add("sounds: top-1 / top-5", 0.5, 0.75, count=100, on="10 names")
    file = tmp_path / "EVALUATION.md"
    file.write_text("# Measured\n\n" + "\n".join(earlier.lines({})), encoding="utf-8")
    table = Table()
    table.add("sounds: top-1 / top-5", 0.6, 0.8, count=100, on="10 names")
    table.add("smells", 0.1, count=10, on="2 names")
    _, _, sounds, smells = table.lines(read_table(file))
    assert sounds.split(" | ")[1:3] == [
        "0.500 (0.40 to 0.60) / 0.750 (0.66 to 0.82)",
        "0.600 (0.50 to 0.69) / 0.800 (0.71 to 0.87)",
    ]
    assert smells.split(" | ")[1] == "-"
