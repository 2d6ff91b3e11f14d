"""Lines in which a label stands before each number: `ax:1.0, ay:0.2`, `Gyro X = 3`.

Programs on boards print them, and the serial monitor sets the time of day before each line. A row
is all that stands between a label and the next time it comes, on one line or on several.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sensorium.percepts.limits import Limits
from sensorium.percepts.tables.letters import UNPACKING, Letters, unreadable
from sensorium.percepts.tables.table import Columns, gather
from sensorium.percepts.tables.text_table import is_comment

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?nan|[+-]?inf"
MOMENT = r"(?:\d{4}-\d\d?-\d\d?[T ])?\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
LETTER = r"A-Za-z_°µμ"
UNIT = (  # on the number, or with a sign that no label has, or before a separator
    rf"(?:[{LETTER}%][\w/^²°*]*(?![\w\s]*[:=])|[ \t]+[{LETTER}]*[/^²°][\w/^²°*-]*"
    rf"|[ \t]*[{LETTER}%]\w*(?=[ \t]*(?:[,;|\t)\]]|$)))"
)
PAIR = re.compile(
    rf"(?P<label>[{LETTER}][\w .\-/^²°]*(?:[(\[][^()\[\]]*[)\]])?)[ \t]*[:=][ \t]*[(\[]?[ \t]*"
    rf"(?:(?P<moment>{MOMENT})|(?P<numbers>(?:{NUMBER})(?:[ \t,;]+(?:{NUMBER})(?![\w:.]))*)"
    rf"(?P<unit>{UNIT})?)?[ \t]*[)\]]?",
    re.IGNORECASE,
)
LEAD = re.compile(
    rf"\s*\[?(?P<lead>{MOMENT}|{NUMBER})\]?[ \t]*(?:->|[,;|>\t ])[ \t]*(?=[{LETTER}])"
)
NOTHING = re.compile(r"[\s,;|()\[\]{}>-]*")  # what may stand between pairs
AXIS = re.compile(r"(.*?)[ _.]?[xyz]", re.IGNORECASE)
FEWEST = 2  # rows that show that labels come again
Pair = tuple[str, str, str]  # label, number or moment, unit


def is_labelled(lines: list[str]) -> bool:
    """Return whether most lines are of labels and numbers, and the labels come again."""
    told = [line for line in lines if line.strip() and not is_comment(line)]
    pairs = [pairs for line in told if (pairs := pairs_of(line))]
    if len(pairs) * 2 <= len(told):
        return False
    seen = Counter(label for line in pairs for label, _, _ in line)
    return min(Counter(seen).most_common(FEWEST)[-1][1], len(pairs)) >= FEWEST and (
        len(seen) * 2 <= sum(seen.values())
    )


def read_labelled(letters: Letters, limits: Limits) -> Columns:
    """Read the table of lines with labels.

    Raises:
        MediaDecodeError: A line has numbers without labels (with its number).
        SourceTooLargeError: The columns take more memory than the limits allow.
    """
    units: dict[str, str] = {}
    table = gather(_records(letters, units), letters.source.name, limits)
    return replace(table, units=[units.get(name, "") for name in table.names])


def pairs_of(line: str) -> list[Pair]:
    """Return the pairs of a line; none if anything else stands in it."""
    pairs: list[Pair] = []
    place, heading = 0, ""
    if found := LEAD.match(line):
        pairs.append(("", found["lead"], ""))
        place = found.end()
    for found in PAIR.finditer(line, place):
        if not NOTHING.fullmatch(line, place, found.start()):
            return []
        place = found.end()
        label, unit = found["label"].strip(" -."), (found["unit"] or "").strip()
        if found["moment"] is None and found["numbers"] is None:
            heading = label
            continue
        if label.lower() in ("x", "y", "z") and heading:
            label = f"{heading} {label}"
        axis = AXIS.fullmatch(label)
        heading = axis[1] if axis else label
        cells = [found["moment"]] if found["moment"] else re.split(r"[\s,;]+", found["numbers"])
        names = [label] if len(cells) == 1 else [f"{label}[{i}]" for i in range(len(cells))]
        if unit and axis:  # behind the last axis, it is that of all
            pairs = [
                (name, cell, each or unit * name.startswith(heading)) for name, cell, each in pairs
            ]
        pairs += [(name, cell, unit) for name, cell in zip(names, cells, strict=True)]
    return pairs if NOTHING.fullmatch(line, place) and any(label for label, _, _ in pairs) else []


def _records(letters: Letters, units: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield a record for each row, and note the units behind the numbers."""
    record: dict[str, str] = {}
    begun = False
    for number, line in _lines(letters):
        pairs = pairs_of(line.rstrip("\r\n"))
        if not pairs and begun and any(c.isdigit() for c in line) and not is_comment(line):
            raise unreadable(letters.source.name, f"line {number}: numbers without labels")
        if len({label for label, _, _ in pairs}) < len(pairs):
            raise unreadable(letters.source.name, f"line {number}: a label that comes twice")
        if any(label in record for label, _, _ in pairs if label):
            yield record
            record, begun = {}, True
        for label, cell, unit in pairs:
            record.setdefault(label, cell)  # of several stamps of a row, the first
            if units.setdefault(label, unit) != unit:
                raise unreadable(letters.source.name, f"line {number}: {label} in another unit")
    if record:
        yield record


def _lines(letters: Letters) -> Iterator[tuple[int, str]]:
    try:
        yield from enumerate(letters.lines(), start=1)
    except UNPACKING as error:
        raise unreadable(letters.source.name, str(error)) from error
