"""Records and hits as tables: what was perceived, when, and which stretch of it matched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sensorium.cli.ids import short

if TYPE_CHECKING:
    from sensorium.memory import Hit, Record
    from sensorium.percepts import Span

MINUTE = 60  # seconds
LONGEST = 120  # characters of a text that are shown


def table(*columns: str, right: Iterable[str] = (), wide: str | None = None) -> Table:
    """Begin a table that fits a terminal of 80 columns.

    Args:
        columns: Their headings.
        right: Those of numbers.
        wide: The one that gives way where there is no room: wrapped, unless its cells are `cut`.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    numbers = set(right)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        made.add_column(
            name,
            justify=justify,
            no_wrap=name != wide,
            overflow="fold" if name == wide else "ellipsis",
        )
    return made


def show(shown: Table, *, indent: int = 0) -> None:
    """Print a table on stdout."""
    Console(highlight=False).print(Padding(shown, (0, 0, 0, indent), expand=False))


def hit_table(hits: Iterable[Hit]) -> Table:
    """Lay hits out, best first."""
    shown = table(
        *("#", "score", "conf", "sense", "span", "when", "what", "id"),
        right=("#", "score", "conf"),
        wide="what",
    )
    for rank, hit in enumerate(hits, start=1):
        shown.add_row(
            str(rank),
            f"{hit.score:.2f}",
            confidence(hit.confidence),
            hit.modality,
            span(hit.span, hit.modality),
            when(hit.record.at),
            cut(_matching(hit)),
            short(hit.record.id),
        )
    return shown


def record_table(records: Iterable[Record]) -> Table:
    """Lay records out in the order given."""
    shown = table("when", "senses", "tags", "what", "id", wide="what")
    for record in records:
        shown.add_row(
            when(record.at),
            " ".join(record.modalities),
            _plain(" ".join(record.tags)),
            cut(what(record)),
            short(record.id),
        )
    return shown


def cut(text: str) -> Text:
    """Make a cell of one line, which ends in an ellipsis where there is no room for it."""
    return Text(printable(text), no_wrap=True, overflow="ellipsis")


def confidence(value: float | None) -> str:
    """Write a confidence to two decimals, "-" where there is none."""
    return "-" if value is None else f"{value:.2f}"


def span(stretch: Span | None, modality: str) -> str:
    """Write a stretch: minutes and seconds of a recording, letters of a text, none of a still."""
    if stretch is None:
        return ""
    if modality == "text":
        return f"{stretch.start:.0f}-{stretch.end:.0f}"
    return f"{_clock(stretch.start)}-{_clock(stretch.end)}"


def when(at: datetime) -> str:
    """Write a time of today as hours and minutes, another as its date; both local."""
    local = at.astimezone()
    today = datetime.now(timezone.utc).astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d}"


def what(record: Record) -> str:
    """Name a record: by its words, else its source, else the files it came from."""
    if record.text:
        return _shortened(record.text)
    origins = [_file_name(medium.uri) for medium in record.media if medium.uri]
    return record.source or ", ".join(dict.fromkeys(origins)) or " + ".join(record.modalities)


def _matching(hit: Hit) -> str:
    """Name a record by the stretch of its words that matched, if they did."""
    if hit.modality == "text" and hit.span is not None and hit.record.text:
        return _shortened(hit.record.text[int(hit.span.start) : int(hit.span.end)])
    return what(hit.record)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def _file_name(uri: str) -> str:
    path = unquote(urlsplit(uri).path)
    return PurePosixPath(path).name or uri


def _clock(seconds: float) -> str:
    """Write seconds as 0:07.4."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, MINUTE * 10)
    return f"{minutes}:{rest // 10:02d}.{rest % 10}"


def _plain(text: str) -> str:
    """Keep words that look like markup, and control characters, from being obeyed."""
    from rich.markup import escape

    return escape(printable(text))


def printable(text: str) -> str:
    """Keep control characters of a memory from being obeyed by a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
