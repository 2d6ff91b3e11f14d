"""Tables in JSON: records in a list or on lines, columns, and both of these below names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any

import numpy as np

from sensorium.percepts.limits import Limits
from sensorium.percepts.tables.cells import is_value
from sensorium.percepts.tables.letters import UNPACKING, Letters, unreadable
from sensorium.percepts.tables.table import DEEPEST, Columns, gather

VALUE = 25  # bytes of memory that a letter of JSON may take once it is parsed: `[],[],`
BEGINNING = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{"\]\d+-])')
BETWEEN = re.compile(r"[\s,\x1e]*")  # values: RFC 7464 has record separators
INDEX = re.compile(r"-?\d+|\d{4}-\d\d-\d\d.*")  # what pandas writes for the places of rows
AXES = frozenset("xyz")
Path = tuple[str, ...]  # names within names
Named = tuple[str | None, Columns]


def is_json(text: str) -> bool:
    """Return whether a text begins as lists or records in JSON do."""
    return BEGINNING.match(text) is not None


def read_json(letters: Letters, limits: Limits) -> list[Named]:
    """Read the tables of a JSON text, with the names that they stand below.

    Args:
        letters: The file.
        limits: `max_memory` bounds a value that is parsed, and the columns.
    Raises:
        MediaDecodeError: It is damaged, or holds no table.
        SourceTooLargeError: It takes more memory than the limits allow.
    """
    name = letters.source.name
    values = _values(letters, limits)
    first = list(islice(values, 2))
    if len(first) == 1 and isinstance(first[0], dict):
        return _tables(first[0], name, limits)
    return [(None, _rows(chain(first, values), name, limits))]


def _values(letters: Letters, limits: Limits) -> Iterator[Any]:
    """Yield the values of a list, or those that stand one after the other."""
    decoder, held, place, count = json.JSONDecoder(), "", 0, 0
    longest = limits.max_memory // VALUE
    blocks = _blocks(letters)
    inside: bool | None = None  # a list of records or of lists
    while True:
        if inside is None and (begun := re.match(r"\s*\[\s*(?=[\[{\]])", held)):
            inside, place = True, begun.end()
        place = BETWEEN.match(held, place).end()  # type: ignore[union-attr]  # it may be empty
        if inside and held.startswith("]", place):
            if held[place + 1 :].strip() or any(map(str.strip, blocks)):
                raise unreadable(letters.source.name, "something behind the list of its rows")
            return
        begin = place
        try:
            value, place = decoder.raw_decode(held, place)
        except json.JSONDecodeError as error:
            held, place = held[place:], 0
            limits.check_samples(len(held), VALUE, letters.source.name, "write it as JSON lines")
            more = "".join(_at_least(blocks, min(len(held) + 1, longest)))
            if not more and not held.strip() and not inside:
                return
            if not more:
                why = f"value {count + 1} of its JSON: {error.msg}"
                raise unreadable(letters.source.name, why) from error
            held += more
            continue
        except (ValueError, RecursionError) as error:
            raise unreadable(letters.source.name, f"value {count + 1} of its JSON") from error
        limits.check_samples(place - begin, VALUE, letters.source.name, "write it as JSON lines")
        inside = inside or False
        count += 1
        yield value


def _blocks(letters: Letters) -> Iterator[str]:
    try:
        yield from letters.blocks()
    except UNPACKING as error:
        raise unreadable(letters.source.name, str(error)) from error


def _at_least(blocks: Iterator[str], count: int) -> Iterator[str]:
    """Yield blocks until they have so many letters, so that a long value is tried seldom."""
    for block in blocks:
        yield block
        count -= len(block)
        if count <= 0:
            return


def _rows(records: Iterator[Any], name: str, limits: Limits) -> Columns:
    """Put records side by side; a first list of words names the cells of those below."""
    first = next(records, None)
    if first is None:
        raise unreadable(name, "no rows of numbers")
    if isinstance(first, list) and _are_words(first):
        return gather((_named(first, each, name) for each in records), name, limits)
    checked = (row for each in chain([first], records) for row in _unpacked(_record(each, name)))
    return gather(checked, name, limits)


def _are_words(cells: list[Any]) -> bool:
    told = all(isinstance(cell, str) for cell in cells)
    return told and not all(map(is_value, cells))


def _record(value: Any, name: str) -> Any:
    if not isinstance(value, (dict, list)):
        raise unreadable(name, f"{str(value)[:40]!r} in place of a row")
    return value


def _unpacked(record: Any) -> Iterator[Any]:
    """Yield the rows of a record: as many as its lists of samples have, if they have one length.

    Watches send packets of samples, `{"Timestamp": 12, "ArrayAcc": [{"x": ...}, {"x": ...}]}`.
    """
    counts = {len(samples) for samples in _packets(record)}
    if len(counts) != 1:
        yield record
        return
    for index in range(counts.pop()):
        yield _at(record, index)


def _packets(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _packets(each)


def _at(value: Any, index: int) -> Any:
    """Return a record with one sample of its packets."""
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return value[index]
    return {k: _at(each, index) for k, each in value.items()} if isinstance(value, dict) else value


def _named(names: list[str], cells: Any, name: str) -> dict[str, Any]:
    if not isinstance(cells, list) or len(cells) != len(names):
        raise unreadable(name, f"a row that is not of {len(names)} cells")
    return dict(zip(names, cells, strict=True))


def _tables(document: dict[str, Any], name: str, limits: Limits) -> list[Named]:
    """Return the tables of one object: columns of one length together, each list of records alone.

    What pandas writes has its own forms: names, index and rows apart (`split`), and rows or cells
    below the places of the rows (`index`, `columns`).
    """
    names, rows = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(rows, list):
        told = [".".join(map(str, each)) if isinstance(each, list) else str(each) for each in names]
        index = document.get("index")
        if isinstance(index, list) and len(index) == len(rows):
            told, rows = (
                ["", *told],
                [
                    [place, *row] if isinstance(row, list) else row
                    for place, row in zip(index, rows, strict=True)
                ],
            )
        return [(None, gather((_named(told, row, name) for row in rows), name, limits))]
    if _are_places(document) and all(isinstance(each, dict) for each in document.values()):
        placed = ({"": place, **row} for place, row in document.items())
        return [(None, gather(placed, name, limits))]
    lists = list(_lists(document, ()))
    if described := _described(lists):
        return [(None, gather(described, name, limits))]
    columns = {path: cells for path, cells in lists if not isinstance(cells[0], dict)}
    tables: list[Named] = []
    for group, paths in _groups(columns).items():
        if len({len(columns[path]) for path in paths}) > 1:
            raise unreadable(name, "columns of different lengths")
        keys = [".".join(path[len(group) :]) for path in paths]
        cells_of_rows = zip(*(columns[path] for path in paths), strict=True)
        records = (dict(zip(keys, row, strict=True)) for row in cells_of_rows)
        tables.append((".".join(group) or None, gather(records, name, limits)))
    for path, cells in lists:
        if isinstance(cells[0], dict):
            rows_of_list = (row for each in cells for row in _unpacked(_record(each, name)))
            table = gather(rows_of_list, name, limits)
            if any(np.isfinite(column).any() for column in table.arrays):
                tables.append((".".join(path), table))
    if not tables:
        raise unreadable(name, "no rows of numbers")
    return tables


def _described(lists: list[tuple[Path, list[Any]]]) -> list[dict[str, Any]]:
    """Return rows whose cells another list describes: `[{"name": "accX", "units": "g"}, ...]`."""
    for _, fields in lists:
        names = [str(each.get("name", "")) for each in fields if isinstance(each, dict)]
        units = [each.get("units", each.get("unit")) for each in fields if isinstance(each, dict)]
        if len(names) < len(fields) or not all(names):
            continue
        told = [
            f"{a} [{b}]" if isinstance(b, str) else a for a, b in zip(names, units, strict=True)
        ]
        for _, rows in lists:
            if all(isinstance(row, list) and len(row) == len(names) for row in rows):
                return [dict(zip(told, row, strict=True)) for row in rows]
    return []


def _groups(columns: dict[Path, list[Any]]) -> dict[Path, list[Path]]:
    """Return the columns that belong together: those below one name, or all of one length.

    All are of one table where some stand above others, as times of all sensors do, or where those
    below each name are axes alone.
    """
    levels, lengths = {len(path) for path in columns}, {len(cells) for cells in columns.values()}
    axes = {path[-1].lower() for path in columns} <= AXES
    groups: dict[Path, list[Path]] = {}
    for path in columns:
        together = len(lengths) == 1 and (len(levels) > 1 or axes)
        groups.setdefault(() if together else path[:-1], []).append(path)
    return groups


def _lists(value: Any, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    """Yield the lists of an object with their names; of words, or of one cell, is no column."""
    if isinstance(value, list):
        if len(value) > 1 and not _are_words(value[:1]):
            yield path, value
    elif isinstance(value, dict) and path and len(value) > 1 and _are_places(value):
        if not any(isinstance(cell, (dict, list)) for cell in value.values()):
            if len(path) == 1:
                yield ("",), list(value)
            yield path, list(value.values())
    elif isinstance(value, dict) and len(path) < DEEPEST:
        for key, each in value.items():
            yield from _lists(each, (*path, key))


def _are_places(value: dict[str, Any]) -> bool:
    return bool(value) and all(INDEX.fullmatch(key) for key in value)
