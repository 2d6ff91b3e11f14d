"""Chats that WhatsApp exports: lines of text, with dates as the phone's language writes them.

`12/03/2024, 14:05 - Anna: ...` on Android, `[12.03.24, 14:05:33] Anna: ...` on an iPhone. Whether
the day or the month comes first is nowhere said: the dates of the whole chat tell it, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from sensorium.errors import PerceptValueError, show
from sensorium.sources.documents.chat_files import file_in
from sensorium.sources.documents.messages import Message
from sensorium.sources.documents.parts import read_text

DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "dmy", "mdy", "ymd"
MARKS = "\u200e\u200f\ufeff\u202a\u202c"  # directions of writing, which stand before many lines
LINE = re.compile(
    rf"^[{MARKS}]*(\[)?"
    r"(\d{1,4})\s?[./\-年년]\s?(\d{1,2})\s?[./\-月월]\s?(\d{1,4})[日일]?\.?"
    r"[,،\s]{1,3}(?:[^\W\d_]{2,5}\.?\s)?"  # "14:05", "klo 14.05", "um 14:05"
    r"(?:(上午|下午|오전|오후|午前|午後)\s?)?"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?:\s?([AaPp])\.?\s?[Mm]\.?)?"
    r"(?(1)\]|\s[-–])\s(.*)$"  # noqa: RUF001
)
SENDER = re.compile(rf"^[{MARKS}~\s]*([^:\n]{{1,80}}?)[{MARKS}]*:\s(.*)$", re.DOTALL)
LATER_HALF = frozenset(("下午", "오후", "午後"))
NOON = 12
HEAD = 512


class _Line(NamedTuple):
    """The beginning of a message."""

    date: tuple[str, str, str]
    time: tuple[int, int, int]
    text: str


def is_whatsapp(path: Path, head: bytes) -> bool:
    """Return whether one of the first lines of a text file begins as a message does."""
    if path.suffix.lower() != ".txt":
        return False
    lines = head.decode("utf-8", "ignore").splitlines()[:3]
    return any(LINE.match(line) for line in lines)


def whatsapp_messages(
    path: Path, options: Mapping[str, Any]
) -> tuple[Iterator[Message], dict[str, Any]]:
    """Return the messages of a chat, and what is said of how they were read.

    Raises:
        PerceptValueError: The option `date_order` is neither "dmy" nor "mdy".
        MediaDecodeError: Nothing tells its encoding.
    """
    said = options.get("date_order")
    if said not in (None, DAY_FIRST, MONTH_FIRST):
        raise PerceptValueError(
            f"date_order={show(said)}", f'"{DAY_FIRST}" or "{MONTH_FIRST}"', "correct it"
        )
    read = read_text(path, options)
    lines = list(_lines(read.text))
    order = said or _order([each.date for each in lines], [each.time for each in lines])
    if order is None:
        date = "/".join(lines[0].date) if lines else ""
        doubt = (
            f'which day {date} is, nothing tells: say date_order="{DAY_FIRST}" or "{MONTH_FIRST}"'
        )
        return _messages(lines, order), {"dates": doubt, **read.reading}
    at = f"of the first message, {order}, in the zone of this machine"
    return _messages(lines, order), {"at": at, **read.reading}


def _messages(lines: Sequence[_Line], order: str | None) -> Iterator[Message]:
    for line in lines:
        found = SENDER.match(line.text)
        if found:  # what has no sender is a notice of the program
            text = found[2].strip(MARKS)
            files, words = file_in(text) or ((), text)
            yield Message(found[1].strip(), text, _time(line, order), files=files, words=words)


def _lines(text: str) -> Iterator[_Line]:
    """Yield the messages, those of several lines whole."""
    held: _Line | None = None
    for line in text.splitlines():
        found = LINE.match(line)
        if not found:
            held = held and held._replace(text=f"{held.text}\n{line}")
            continue
        if held:
            yield held
        _, one, two, three, half, hour, minute, second, letter, words = found.groups()
        hours = int(hour)
        if half or letter:
            later = half in LATER_HALF or (letter or "").lower() == "p"
            hours = hours % NOON + (NOON if later else 0)
        held = _Line((one, two, three), (hours, int(minute), int(second or 0)), words)
    if held:
        yield held


def _order(
    dates: Sequence[tuple[str, str, str]], times: Sequence[tuple[int, int, int]]
) -> str | None:
    """Return which of day and month comes first in the dates of a chat, or `None`.

    A number above 12 tells it, else the order of the messages, else how numbers are written: a zero
    before a month (`03/05/2024`), or points, stand nowhere where the month comes first.
    """
    if any(len(one) > 2 for one, _, _ in dates):
        return YEAR_FIRST
    days_first = any(int(one) > NOON for one, _, _ in dates)
    months_first = any(int(two) > NOON for _, two, _ in dates)
    if days_first != months_first:
        return DAY_FIRST if days_first else MONTH_FIRST
    back = {}
    for order in (DAY_FIRST, MONTH_FIRST):
        days = [(*_ymd(date, order), *time) for date, time in zip(dates, times, strict=True)]
        back[order] = sum(later < earlier for earlier, later in pairwise(days))
    if back[DAY_FIRST] != back[MONTH_FIRST]:
        return min(back, key=lambda order: back[order])
    return DAY_FIRST if any(each.startswith("0") for date in dates for each in date[:2]) else None


def _ymd(date: tuple[str, str, str], order: str) -> tuple[int, int, int]:
    one, two, three = map(int, date)
    if order == YEAR_FIRST:
        return one, two, three
    year = three + 2000 if three < 100 else three
    return (year, two, one) if order == DAY_FIRST else (year, one, two)


def _time(line: _Line, order: str | None) -> datetime | None:
    """Return when a message was sent: a phone writes its own time."""
    if order is None:
        return None
    try:
        return datetime(*_ymd(line.date, order), *line.time).astimezone()
    except (ValueError, OverflowError):
        return None
