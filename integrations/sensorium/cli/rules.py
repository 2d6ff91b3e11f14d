"""Rules for the files of folders on the command line: the option `--map`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from sensorium.cli.units import NAMES, column_of
from sensorium.cli.values import number_or_text

Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="PATTERN=KIND,OPTION=VALUE,...",
        help="What files are whose path ends like PATTERN, and their units: "
        "'depth/*.png=depth,unit=1/5000,fx=525'; KIND may be skip. Repeat for more; the first "
        "that matches counts. A sensorium.toml beside the data says the same for good.",
    ),
]
COLUMNS = "columns"


def parse_rules(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rules that options say, each with the fields that `sensorium.toml` has.

    Args:
        texts: Each a pattern, "=", and words with commas between: the modality or "skip", and
            options. A word without "=" goes on with the value before it: `invalid=-1,65535`. A dot
            leads into a table: `columns.accel=x,y,z`.
    Raises:
        BadParameter: One of them is nothing of the kind.
    """
    return [_rule(text) for text in texts]


def _rule(text: str) -> dict[str, Any]:
    pattern, equals, rest = text.partition("=")
    words = [word.strip() for word in rest.split(",")]
    fields: dict[str, Any] = {"match": pattern.strip()}
    if words and "=" not in words[0]:
        fields["as"] = words.pop(0)
    values: dict[str, list[str]] = {}
    for word in words:
        name, says, value = word.partition("=")
        if says:
            values[name.strip()] = [value.strip()]
        elif values:
            values[next(reversed(values))].append(word)
    wrong = not equals or not all(fields.values()) or not (values or "as" in fields)
    if wrong or not all(all(value) and name for name, value in values.items()):
        raise typer.BadParameter(
            f"{text!r}; say 'depth/*.png=depth,unit=1/5000,fx=525'", param_hint="--map"
        )
    for name, texts in values.items():
        _put(fields, name.split("."), texts)
    return fields


def _put(fields: dict[str, Any], keys: Sequence[str], texts: Sequence[str]) -> None:
    """Put a value into the table that the first keys lead to."""
    *tables, last = keys
    for table in tables:
        inner = fields.setdefault(table, {})
        if not isinstance(inner, dict):
            raise typer.BadParameter(f"{'.'.join(keys)} beside {table}", param_hint="--map")
        fields = inner
    if tables == [COLUMNS]:
        columns = [column_of(text) for text in texts]
        fields[last] = columns if len(columns) > 1 else columns[0]
    elif last in NAMES or len(texts) > 1:
        fields[last] = list(texts) if last == "with" else ",".join(texts)
    else:
        fields[last] = _value(texts[0])


def _value(text: str) -> str | float | bool:
    """Return the number, or the yes or no, that a text is; or the text."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return number_or_text(text)
