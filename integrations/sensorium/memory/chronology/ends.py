"""The first and the last record that surely matches a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from sensorium.errors import QueryError
from sensorium.memory.chronology.counting import check_matches
from sensorium.memory.recalling.options import RecallOptions
from sensorium.memory.recalling.query import Query
from sensorium.memory.recalling.recaller import Recaller
from sensorium.memory.records import Hit, Record
from sensorium.qdrant import Equal, Every, Ids

SURE = 0.5  # confidence from which a match is as likely right as wrong
TIME = "time"  # in the place of the modality of a hit that no question found


def end_hit(recaller: Recaller, query: Query, options: RecallOptions, *, last: bool) -> Hit | None:
    """Return the earliest or the latest match of a question; `None` if nothing matches surely.

    All matches are found by the index, then the one at the end is read.

    Args:
        recaller: Answers the questions.
        query: The question.
        options: Its options, with the least confidence of a match.
        last: Whether the latest is wanted.
    Raises:
        QueryError: No confidence is known, or more may match than one question looks at.
    """
    if not options.min_confidence:
        raise QueryError(
            "min_confidence of 0", "more than that: everything matches a little", "leave it out"
        )
    matches = recaller.matches(query, options)
    check_matches(matches)
    if not matches.found:
        return None
    end = (max if last else min)(matches.found, key=lambda match: (match.at, match.id))
    itself = Ids((end.id,)) | Equal("part_of", end.id)
    asked = [] if options.condition is None else [options.condition]
    one = replace(options, condition=Every((*asked, itself)), limit=1, min_confidence=None)
    return next(iter(recaller.recall(query, one)), None)


def hit_of_time(records: Sequence[Record]) -> Hit | None:
    """Return the first of some records as a hit that was found by its time alone."""
    if not records:
        return None
    known: dict[str, Any] = dict.fromkeys(("confidence", "span", "medium", "similarity"))
    age = datetime.now(timezone.utc) - records[0].at
    return Hit(records[0], score=0.0, calibrated=False, modality=TIME, age=age, **known)
