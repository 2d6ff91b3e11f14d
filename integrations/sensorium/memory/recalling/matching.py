"""All records that match a question, and how sure each is: for counting, first and last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sensorium.memory.recalling.candidates import Candidate

FIRST, WIDER = 256, 4  # candidates of the first search, and times more in each further one
MOST = 4_096  # candidates of the last search: what one question may cost


@dataclass(frozen=True, eq=False)
class Match:
    """A record that a question may mean.

    Attributes:
        id: Id of the record's own point.
        at: When it was, as the payload has it.
        modality: Modality that matched best.
        confidence: Chance from 0 to 1 that it is no coincidence.
    """

    id: str
    at: str
    modality: str
    confidence: float


@dataclass(frozen=True, eq=False)
class Matches:
    """The records that match a question, the surest first.

    Attributes:
        found: The records.
        complete: Whether all of them were looked at; else those that match less well were not.
        calibrated: Whether confidences are known at all.
    """

    found: Sequence[Match]
    complete: bool
    calibrated: bool


def gather(
    search: Callable[[int], tuple[Sequence[Candidate], Callable[[str], Mapping[str, object]]]],
    *,
    least: float,
    calibrated: bool,
) -> Matches:
    """Search ever wider, until what is found last is not a match any more.

    Args:
        search: Function of a number: returns so many best candidates, and what reads their payload.
        least: Confidence of the least match.
        calibrated: Whether candidates have confidences; without, nothing is searched.
    """
    limit = FIRST
    while calibrated:
        candidates, payload = search(limit)
        sure = [each for each in candidates if (each.confidence or 0.0) >= least]
        if len(sure) < limit or limit >= MOST:
            matches = [
                Match(each.id, str(payload(each.id)["at"]), each.modality, each.confidence or 0.0)
                for each in sure
            ]
            return Matches(matches, len(sure) < limit, True)
        limit = min(MOST, limit * WIDER)
    return Matches((), True, False)
