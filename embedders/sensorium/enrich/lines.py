"""Lines of a picture put together to the blocks that a reader sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sensorium.enrich.found import Box

CLOSE = 1.2  # line heights between two lines of one block, at most
APART = 3  # letters between two parts of one line, at most
LONGEST = 400  # characters of a block


class Line(NamedTuple):
    """A line of a picture: its words, where it stands, and how sure its reader is."""

    text: str
    box: Box
    confidence: float


def blocks(lines: Sequence[Line]) -> list[Line]:
    """Join lines that stand close below or beside each other, from the top to the bottom.

    Args:
        lines: Lines in any order.
    Returns:
        Blocks: lines parted by line ends, the box around all of them, the mean of their confidence
        by length.
    """
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.box.top, line.box.left)):
        near = [group for group in groups if _joins(group, line)]
        if near:
            near[-1].append(line)
        else:
            groups.append([line])
    return [_joined(group) for group in groups]


def _joins(group: Sequence[Line], line: Line) -> bool:
    """Return whether a line goes on with a group: close below its end, and above or beside it."""
    last = group[-1]
    height = max(last.box.bottom - last.box.top, line.box.bottom - line.box.top)
    around = _around(group)
    letters = sum(len(each.text) for each in group) + len(line.text)
    if letters > LONGEST:
        return False
    if abs(line.box.top - last.box.top) < height / 2:  # beside it, perhaps
        letter = (last.box.right - last.box.left) / len(last.text)
        return abs(line.box.left - last.box.right) < APART * letter
    overlapping = line.box.left < around.right and around.left < line.box.right
    return overlapping and line.box.top - last.box.bottom < CLOSE * height


def _joined(group: Sequence[Line]) -> Line:
    letters = sum(len(line.text) for line in group)
    sure = sum(line.confidence * len(line.text) for line in group) / letters
    return Line("\n".join(line.text for line in group), _around(group), sure)


def _around(group: Sequence[Line]) -> Box:
    lefts, tops, rights, bottoms = zip(*(line.box for line in group), strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))
