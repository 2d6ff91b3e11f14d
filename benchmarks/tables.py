"""One table, shown on a terminal or as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

WIDTH = 120  # columns at least, as a folded table is hard to read

Rows = Sequence[Sequence[str]]


def show(title: str, columns: Sequence[str], rows: Rows) -> None:
    """Print a table at a terminal; all columns but the first two are numbers."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < 2 else "right")
    for row in rows:
        table.add_row(*row)
    console = Console()
    Console(width=max(WIDTH, console.width)).print(table)


def markdown(columns: Sequence[str], rows: Rows) -> str:
    """Return a Markdown table."""
    rule = ["---" if index < 2 else "---:" for index in range(len(columns))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (columns, rule, *rows))
