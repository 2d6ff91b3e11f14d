"""A report: its tables, as JSON and as a page."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sensorium.bench.figures import Figure

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.25rem .75rem;text-align:left;
border-bottom:1px solid #bbb;font-variant-numeric:tabular-nums}p{max-width:45rem}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}}"""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: Its name on the command line.
        title: What it measures.
        note: How, and what its rows mean.
        columns: Heads of the columns.
        rows: Words and figures.
    """

    name: str
    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | Figure]] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the table JSON-ready; a figure is an object with its interval and its count."""
        return {
            "name": self.name,
            "title": self.title,
            "note": self.note,
            "columns": list(self.columns),
            "rows": [[_cell(cell) for cell in row] for row in self.rows],
        }


@dataclass(frozen=True)
class Report:
    """All tables of one run.

    Attributes:
        encoder: Name of the encoder.
        facts: Space, seed, machine, packages and their licences, seconds.
        tables: The tables, in order.
    """

    encoder: str
    facts: Mapping[str, Any]
    tables: Sequence[Table]

    def to_json(self) -> str:
        """Return the report as JSON."""
        whole = {
            "encoder": self.encoder,
            "facts": dict(self.facts),
            "tables": [table.to_dict() for table in self.tables],
        }
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"

    def to_html(self) -> str:
        """Return the report as one page that loads nothing."""
        name = html.escape(self.encoder)
        parts = [
            "<!doctype html><html lang=en><meta charset=utf-8>",
            "<meta name=viewport content='width=device-width'>",
            f"<title>{name}: sensorium bench</title><style>{STYLE}</style>",
            f"<h1>{name}</h1>",
            _facts(self.facts),
            *(_section(table) for table in self.tables),
        ]
        return "\n".join(parts) + "\n"


def _cell(cell: str | Figure) -> Any:
    if isinstance(cell, str):
        return cell
    rounded = {"value": cell.value, "low": cell.low, "high": cell.high}
    return {
        **{key: None if each is None else round(each, 5) for key, each in rounded.items()},
        "count": cell.count,
    }


def _facts(facts: Mapping[str, Any]) -> str:
    lines = []
    for key, value in facts.items():
        shown = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
        lines.append(f"<dt>{html.escape(key)}<dd>{html.escape(shown)}")
    return f"<dl>{''.join(lines)}</dl>"


def _section(table: Table) -> str:
    head = "".join(f"<th scope=col>{html.escape(each)}" for each in table.columns)
    rows = ["<tr>" + "".join(f"<td>{html.escape(str(cell))}" for cell in row) for row in table.rows]
    title, note = html.escape(table.title), html.escape(table.note)
    body = "\n".join(rows)
    return f"<h2>{title}</h2><p>{note}</p><table><thead><tr>{head}<tbody>\n{body}\n</table>"
