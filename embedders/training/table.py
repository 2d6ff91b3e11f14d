"""A table of figures with their intervals, beside an earlier one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

Z = 1.96  # deviations on either side that hold 95 %


class Table:
    """Figures with their intervals."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []  # task, figures, and what they were measured on

    def add(self, task: str, *shares: float, count: int, on: str) -> None:
        """Add a row: shares of `count` tries, each with its 95 % interval."""
        shown = [f"{share:.3f} ({interval(share, count)})" for share in shares]
        self.rows.append((task, " / ".join(shown), f"{count}, {on}"))

    def lines(self, before: dict[str, str]) -> Iterator[str]:
        """Yield the rows as Markdown, beside the figures of an earlier table by their tasks."""
        beside = ["before"] if before else []
        head = ["task", *beside, "figure (95 % interval)", "on"]
        rows = [[t, *(before.get(t, "-") for _ in beside), shown, on] for t, shown, on in self.rows]
        for cells in (head, ["---"] * len(head), *rows):
            yield "| " + " | ".join(cells) + " |"


def interval(share: float, count: int) -> str:
    """Return the 95 % interval of a share of `count` tries (Wilson, 1927)."""
    middle = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * math.sqrt(share * (1 - share) / count + (Z / count) ** 2 / 4)
    return f"{max(0.0, middle - half):.2f} to {min(1.0, middle + half):.2f}"


def read_table(file: Path) -> dict[str, str]:
    """Read the figures of a table by their tasks."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: row[-2] for row in rows[2:]}
