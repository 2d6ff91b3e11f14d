"""What a recall found, as it is shown: what is probably related, a line, and the nearest others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from sensorium.cli.ids import short_id
from sensorium.cli.tables import cut, matching, span, table, when
from sensorium.memory.certainty import written

if TYPE_CHECKING:
    from rich.table import Table

    from sensorium.memory import Hit

NEAREST = 3  # hits shown that are probably unrelated
UNRELATED = "probably unrelated"
COLUMNS = ("#", "score", "conf", "modality", "span", "when", "what", "id")
LEAST_WIDTHS = {"span": 72, "when": 64, "modality": 56, "id": 42, "#": 36}  # of a terminal
NOTHING = "Nothing here is probably related; the nearest:"


def parted(hits: Sequence[Hit], *, keywords: bool) -> tuple[list[Hit], list[Hit]]:
    """Part hits into those that are probably related and the rest, each in their order.

    Args:
        hits: What was found.
        keywords: Whether words were looked for: a memory that has them is no coincidence.
    """
    parts: tuple[list[Hit], list[Hit]] = [], []
    for hit in hits:
        parts[hit.certainty == UNRELATED and not keywords].append(hit)
    return parts


def print_hits(hits: Sequence[Hit], *, keywords: bool, every: bool) -> None:
    """Print hits, with a line before those that are probably unrelated.

    Args:
        hits: What was found, best first.
        keywords: Whether words were looked for.
        every: Whether all of them are shown; by default the nearest few that are unrelated.
    """
    related, rest = parted(hits, keywords=keywords)
    nearest = rest if every else rest[:NEAREST]
    if not related:
        typer.echo(NOTHING)
    console = Console(highlight=False)
    lines = _lines(console, _hit_table(related, nearest, console.width))
    typer.echo("\n".join(lines[: len(related) + 1]))
    if related and nearest:
        typer.echo(_rule(f"{UNRELATED} ", console.width))
    if nearest:
        typer.echo("\n".join(lines[len(related) + 1 :]))
    if len(rest) > len(nearest):
        typer.echo(f"and {len(rest) - len(nearest)} more, {UNRELATED}: --all lists them")


def _rule(words: str, width: int) -> str:
    """Draw a line that begins with words."""
    bar = "\N{BOX DRAWINGS LIGHT HORIZONTAL}"
    try:
        bar.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        bar = "-"
    return bar * 2 + f" {words}".ljust(width - 2, bar)[: max(width - 2, len(words) + 1)]


def _lines(console: Console, shown: Table) -> list[str]:
    """Return the lines of a table, one for each row: no cell of it wraps."""
    with console.capture() as captured:
        console.print(shown)
    return [line.rstrip() for line in captured.get().splitlines()]


def _hit_table(related: Sequence[Hit], rest: Sequence[Hit], width: int) -> Table:
    """Make a table of hits: of scores only where a confidence is missing, of spans if any has one.

    What names a hit needs room: a narrow terminal shows no spans, then no times, and so on.
    """
    hits = [*related, *rest]
    left_out = {name for name, least in LEAST_WIDTHS.items() if width < least}
    if all(hit.confidence is not None for hit in hits):
        left_out.add("score")
    if not any(hit.span for hit in hits):
        left_out.add("span")
    names = [name for name in COLUMNS if name not in left_out]
    shown = table(*names, right=("#", "score"), wide="what")
    for rank, hit in enumerate(hits, start=1):
        cells = _cells(hit, rank)
        style = "dim" if rank > len(related) else None
        shown.add_row(*(cells[name] for name in names), style=style)
    return shown


def _cells(hit: Hit, rank: int) -> dict[str, str | Text]:
    """Return the cells of a hit, by the headings of their columns."""
    matched = hit.modality if hit.finding is None else hit.finding.origin
    # Below the line its words would be said twice
    sure = f" {hit.certainty}" if hit.certainty and hit.certainty != UNRELATED else ""
    return {
        "#": str(rank),
        "score": f"{hit.score:.2f}",
        "conf": "-" if hit.confidence is None else written(hit.confidence) + sure,
        "modality": matched,
        "span": span(hit.span, matched),
        "when": when(hit.record.at),
        "what": cut(matching(hit)),
        "id": short_id(hit.record.id),
    }
