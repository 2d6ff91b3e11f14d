"""Things in a row: one thing, and another soon after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sensorium.encoders.noting import note
from sensorium.errors import QueryError, show
from sensorium.memory.checks import check_limit
from sensorium.memory.chronology.neighbours import moment_of
from sensorium.memory.filters import Filters
from sensorium.memory.lengths import parse_span
from sensorium.memory.records import Hit
from sensorium.memory.times import limit_by_times

STEP = 500  # hits of each step that are looked at, the surest first
LEAST = 0.1  # confidence of a step: alone it may be coincidence, in a row it hardly is
STEPS = 8  # at most


def recall_sequence(
    recall: Callable[..., list[Hit]],
    sequence: Sequence[Any],
    within: object,
    *,
    beside: Mapping[str, object],
    ranking: str,
    limit: int,
    min_confidence: float | None,
    read_times: bool,
    filters: Filters,
    **options: Any,
) -> list[Hit]:
    """Find what happened in a row.

    Each step is one search of the index, of the 500 surest hits at most. The rows are then found in
    order of time, each hit with the surest row that ends in it: work that grows with the hits.

    Args:
        recall: Answers one question, as `Memory.recall`.
        sequence: The questions, in order.
        within: Longest time from the begin of one to the begin of the next.
        beside: Arguments of `recall` that a sequence does not take, by name; all are to be `None`.
        ranking: As in `recall`; only the usual one goes with a sequence.
        limit: The most rows to return.
        min_confidence: Least confidence of each step.
        read_times: Let times in the words of the steps limit where all are looked for.
        filters: See `Filters`.
        options: Other arguments of `recall`.
    Returns:
        The first hit of each row with the others in `then`, and their joint confidence, as if they
        were independent, as its score; the surest row first.
    Raises:
        QueryError: Fewer than two questions, too many, something else beside them, or `within` is
            no length of time.
    """
    check_alone(**beside, ranking=None if ranking == "centred" else ranking)
    check_sequence(sequence)
    limit, length = check_limit(limit), parse_span(within)
    if read_times:
        sequence, filters, _ = limit_by_times(sequence, filters)
    rows: list[list[Hit]] = []
    least = LEAST if min_confidence is None else min_confidence
    for number, step in enumerate(sequence):
        hits = recall(step, limit=STEP, min_confidence=least, **options, **filters)
        if len(hits) == STEP:
            note(f"more than {STEP} memories may be {show(step)}; the surest were looked at")
        ends = sorted(hits, key=_begin)
        rows = [[hit] for hit in ends] if number == 0 else _longer(rows, ends, length)
        if not rows:
            return []
    best: dict[str, list[Hit]] = {}
    for row in rows:
        known = best.get(row[0].record.id)
        if known is None or _joint(row) > _joint(known):
            best[row[0].record.id] = row
    found = sorted(best.values(), key=lambda row: -_joint(row))[:limit]
    return [replace(row[0], score=_joint(row), then=tuple(row[1:])) for row in found]


def check_within(sequence: object, within: object) -> None:
    """Check that a time between steps is not given without steps.

    Raises:
        QueryError: It is.
    """
    if sequence is None and within is not None:
        raise QueryError(
            f"within={show(within)} without a sequence",
            "sequence=, the questions between whose answers so much time may lie",
            'write sequence=["a knock", "a dog barking"], or leave within out; what was near a '
            "moment is found by around()",
        )


def check_alone(**others: object) -> None:
    """Check that nothing else is asked beside a sequence.

    Raises:
        QueryError: Something else is.
    """
    for name, value in others.items():
        if value is not None:
            raise QueryError(
                f"{name} and a sequence", "one of the two", f"leave {name} out, or ask twice"
            )


def check_sequence(sequence: object) -> None:
    """Check that there are several questions.

    Raises:
        QueryError: There are not.
    """
    several = isinstance(sequence, Sequence) and not isinstance(sequence, (str, bytes))
    if not several or not 2 <= len(sequence) <= STEPS:  # type: ignore[arg-type]  # it is one
        raise QueryError(
            f"sequence={show(sequence)}",
            f"a list of 2 to {STEPS} questions",
            'write sequence=["a knock", "a dog barking"], within="1 min"',
        )


def _longer(rows: list[list[Hit]], ends: Sequence[Hit], within: timedelta) -> list[list[Hit]]:
    """Return each hit after the surest row that ends soon before it."""
    times = [_begin(row[-1]) for row in rows]
    longer: list[list[Hit]] = []
    first = beyond = 0
    for hit in ends:
        at = _begin(hit)
        while beyond < len(rows) and times[beyond] < at:
            beyond += 1
        while first < beyond and at - times[first] > within:
            first += 1
        before = [row for row in rows[first:beyond] if _may_follow(hit, row[-1])]
        if before:
            longer.append([*max(before, key=_joint), hit])
    return longer


def _may_follow(hit: Hit, before: Hit) -> bool:
    """Return whether a hit is of another record, or a later stretch of the same that is apart."""
    return hit.record.id != before.record.id or moment_of(before)[1] <= moment_of(hit)[0]


def _begin(hit: Hit) -> datetime:
    return moment_of(hit)[0]


def _joint(row: Sequence[Hit]) -> float:
    """Return the confidence that all hits of a row are meant, as if they were independent."""
    product = 1.0
    for hit in row:
        product *= hit.confidence or 0.0
    return product
