"""Tables and their cells: what was perceived, when, and which span of it matched."""

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

from sensorium.cli.ids import short_id
from sensorium.cli.values import printable

if TYPE_CHECKING:
    from sensorium.memory import Hit, Record
    from sensorium.percepts import Span

MINUTE = 60  # seconds
LONGEST = 120  # characters of a text in a table


def table(*columns: str, right: Iterable[str] = (), wide: str | None = None) -> Table:
    """Begin a table that fits a terminal of 80 columns.

    Args:
        columns: Headings of the columns.
        right: Headings of the columns of numbers, which are aligned to the right.
        wide: Heading of the column that shrinks if there is no room. Its cells are wrapped, unless
            they were made by `cut`.
    """
    begun = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    numbers = set(right)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in numbers else "left"
        begun.add_column(
            name,
            justify=justify,
            no_wrap=name != wide,
            overflow="fold" if name == wide else "ellipsis",
        )
    return begun


def print_table(shown: Table, *, indent: int = 0) -> None:
    """Print a table on stdout."""
    Console(highlight=False).print(Padding(shown, (0, 0, 0, indent), expand=False))


def record_table(records: Iterable[Record], *, exact: bool = False) -> Table:
    """Make a table of records, in their order.

    Args:
        records: The records.
        exact: Whether their times are shown to the second.
    """
    time = exactly if exact else when
    shown = table("when", "modality", "tags", "what", "id", wide="what")
    for record in records:
        shown.add_row(
            time(record.at),
            " ".join(record.modalities),
            _plain(" ".join(record.tags)),
            cut(what(record)),
            short_id(record.id),
        )
    return shown


def cut(text: str) -> Text:
    """Make a cell of one line, which ends in an ellipsis if there is no room for it."""
    return Text(printable(text), no_wrap=True, overflow="ellipsis")


def confidence(value: float | None) -> str:
    """Write a confidence to two decimals, or "-" if it is unknown."""
    return "-" if value is None else f"{value:.2f}"


def span(stretch: Span | None, modality: str) -> str:
    """Write a span: in minutes and seconds of a recording, in letters of a text, "" of a still."""
    if stretch is None:
        return ""
    if modality == "text":
        return f"{stretch.start:.0f}-{stretch.end:.0f}"
    return f"{_clock(stretch.start)}-{_clock(stretch.end)}"


def when(at: datetime) -> str:
    """Write a time in local time: as hours and minutes if it is today, otherwise as a date."""
    local = at.astimezone()
    today = datetime.now(timezone.utc).astimezone().date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%Y-%m-%d}"


def exactly(at: datetime) -> str:
    """Write a time to the second, in local time."""
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def what(record: Record) -> str:
    """Name a record by its text, its source, the files it came from, or its modalities."""
    return f"{whose(record)}{_named(record)}"


def whose(record: Record) -> str:
    """Return whose a record is, before what names it; nothing of one's own."""
    return f"[{_shorten(record.owner)}] " if record.shared else ""


def _named(record: Record) -> str:
    if record.text:
        return _shorten(record.text)
    origins = [_file_name(medium.uri) for medium in record.media if medium.uri]
    return record.source or ", ".join(dict.fromkeys(origins)) or " + ".join(record.modalities)


def matching(hit: Hit) -> str:
    """Name a record by the words that matched: those found in it, or a part of its text."""
    if hit.finding is not None:
        found = _shorten(f"“{hit.finding.text}” {_named(hit.record)}")
        return f"{whose(hit.record)}{found}"
    if hit.modality == "text" and hit.span is not None and hit.record.text:
        part = _shorten(hit.record.text[int(hit.span.start) : int(hit.span.end)])
        return f"{whose(hit.record)}{part}"
    return what(hit.record)


def _shorten(text: str) -> str:
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
    """Escape markup, and replace control characters."""
    from rich.markup import escape

    return escape(printable(text))
