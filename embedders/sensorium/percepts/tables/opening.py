"""Open the tables of a file, whatever way they are written: what it begins with says which."""

from __future__ import annotations

from sensorium.percepts.limits import Limits
from sensorium.percepts.source import Encoded
from sensorium.percepts.tables.json_text import is_json, read_json
from sensorium.percepts.tables.labelled import is_labelled, read_labelled
from sensorium.percepts.tables.letters import read_letters
from sensorium.percepts.tables.sniffing import first_lines, sniff
from sensorium.percepts.tables.table import Table
from sensorium.percepts.tables.text_table import TextTable


def open_tables(source: Encoded, limits: Limits) -> list[tuple[str | None, Table]]:
    """Open the tables of a file, which is one but in JSON, with the names that they stand below.

    Raises:
        MediaDecodeError: It holds no table of numbers, or is damaged.
        SourceTooLargeError: A line without end, or more than the limits allow.
    """
    letters = read_letters(source)
    if is_json(letters.beginning()):
        return [*read_json(letters, limits)]
    lines = first_lines(letters)
    if is_labelled(lines):
        return [(None, read_labelled(letters, limits))]
    return [(None, sniff(letters, lines))]


def open_text_table(source: Encoded) -> TextTable:
    """Open a table whose rows are lines of cells.

    Raises:
        MediaDecodeError: It is none, or is damaged.
        SourceTooLargeError: A line without end.
    """
    letters = read_letters(source)
    return sniff(letters, first_lines(letters))
