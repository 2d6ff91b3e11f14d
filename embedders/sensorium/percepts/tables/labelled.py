"""Lines in which a label stands before each number: `ax:1.0, ay:0.2`, `Gyro X = 3`.

Programs on boards print them, and the serial monitor sets the time of day before each line. A row
is all that stands between a label and the next time it comes, on one line or on several. In YAML,
as ROS prints messages, labels stand below others: `linear_acceleration:` above a deeper `x: 0.1`.
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
SECTION = re.compile(rf"(?P<indent>[ \t]*)(?P<label>[{LETTER}]\w*):[ \t]*")
ITEM = re.compile(rf"[ \t]*-[ \t]+(?:{NUMBER})[ \t]*", re.IGNORECASE)  # of a list in YAML
WORD = re.compile(rf"[ \t]*[{LETTER}]\w*:[ \t]+[^\d\s].*")  # `frame_id: imu_0`
FEWEST = 2  # rows that show that labels come again
Pair = tuple[str, str, str]  # label, number or moment, unit


def is_labelled(lines: list[str]) -> bool:
    """Return whether most lines are of labels and numbers, and the labels come again."""
    told = [line for line in lines if line.strip() and not is_comment(line)]
    sections = Sections()
    pairs = [pairs for line in told if (pairs := sections.within(line, pairs_of(line)))]
    known = sum(sections.holds(line) for line in told)
    if len(pairs) * 2 <= len(told) - known:
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


class Sections:
    """The labels that lines stand below, by how deep they are indented."""

    def __init__(self) -> None:
        self._above: list[tuple[int, str]] = []

    def holds(self, line: str) -> bool:
        """Return whether a line without a pair belongs to labels below labels."""
        told = (SECTION, WORD, ITEM) if self._above else (SECTION,)
        return any(kind.fullmatch(line) for kind in told)

    def within(self, line: str, pairs: list[Pair]) -> list[Pair]:
        """Return the pairs of a line with the labels above them before theirs."""
        depth = len(line) - len(line.lstrip())
        if pairs or SECTION.fullmatch(line):
            self._above = [each for each in self._above if each[0] < depth]
        if not pairs and (found := SECTION.fullmatch(line)):
            self._above.append((depth, found["label"]))
        above = ".".join(label for _, label in self._above)
        if not above:
            return pairs
        return [(f"{above}.{label}" if label else label, cell, unit) for label, cell, unit in pairs]


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
    begun, sections = False, Sections()
    for number, line in _lines(letters):
        plain = line.rstrip("\r\n")
        pairs = sections.within(plain, pairs_of(plain))
        other = not pairs and not is_comment(line) and not sections.holds(plain)
        if other and begun and any(c.isdigit() for c in line):
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
