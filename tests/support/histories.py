"""What several processes did to the same records at once, and whether it could have been in turn.

A history is right if there is an order of its calls in which each answers as one process alone
would have been answered, and in which none comes before a call that had ended when it began: each
record is linearisable.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sensorium.errors import RecordNotFoundError
from sensorium.memory import Memory

State: TypeAlias = "tuple[str, str] | None"  # text and tag of a record
UNKNOWN = "unknown"  # answer of a call whose process died: it was done, or was not
VERBS = ("remember", "remember", "reword", "reword", "tag", "tag", "forget", "get")


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        process: Number of the process that made it.
        verb: What it does: one of `VERBS`.
        name: Id of the record.
        word: What it writes.
        began: Time at which it was made, of the clock that all processes share.
        ended: Time at which it was answered.
        answer: What it answered.
    """

    process: int
    verb: str
    name: str
    word: str
    began: float = 0.0
    ended: float = math.inf
    answer: Any = UNKNOWN


def made(memory: Memory, call: Call) -> Any:
    """Make a call, and return its answer."""
    name, word = call.name, call.word
    if call.verb == "remember":
        return memory.remember(text=word, id=name).status
    if call.verb == "forget":
        return memory.forget(name)
    try:
        if call.verb == "reword":
            record = memory.update(name, text=word)
        elif call.verb == "tag":
            record = memory.update(name, tags=[word])
        else:
            record = memory.get(name)
    except RecordNotFoundError:
        return None
    return [record.text, "".join(record.tags)] if call.verb == "get" else True


def played(memory: Memory, calls: Iterable[Call]) -> Iterator[Call]:
    """Make calls one after the other; yield each before it is made, and when it was answered."""
    for call in calls:
        began = time.monotonic()
        yield Call(call.process, call.verb, call.name, call.word, began)
        answer = made(memory, call)
        yield Call(call.process, call.verb, call.name, call.word, began, time.monotonic(), answer)


def after(call: Call, state: State) -> tuple[Any, State]:
    """What a call answers to one process alone, and how the record is then."""
    if call.verb == "remember":
        return ("new" if state is None else "replaced"), (call.word, "")
    if call.verb == "forget":
        return (0 if state is None else 1), None
    if state is None:
        return None, None
    if call.verb == "reword":
        return True, (call.word, state[1])
    if call.verb == "tag":
        return True, (state[0], call.word)
    return list(state), state


def in_turn(calls: Sequence[Call]) -> list[Call] | None:
    """Return an order in which one process could have made the calls on a record.

    Returns:
        The order; `None` if there is none. A call of unknown answer need not be in it.
    """
    seen: set[tuple[frozenset[int], State]] = set()

    def search(left: frozenset[int], state: State) -> list[Call] | None:
        if all(calls[index].answer == UNKNOWN for index in left):
            return []
        if (left, state) in seen:
            return None
        seen.add((left, state))
        soonest = min(calls[index].ended for index in left)
        for index in sorted(left):
            call = calls[index]
            if call.began > soonest:  # another had ended
                continue
            answer, then = after(call, state)
            if call.answer in (answer, UNKNOWN):
                rest = search(left - {index}, then)
                if rest is not None:
                    return [call, *rest]
        return None

    return search(frozenset(range(len(calls))), None)


def wrong_records(calls: Sequence[Call]) -> dict[str, list[Call]]:
    """Return the calls on each record that cannot have been made in turn, by its id."""
    names = {call.name for call in calls}
    each = {
        name: sorted((call for call in calls if call.name == name), key=lambda call: call.began)
        for name in sorted(names)
    }
    return {name: found for name, found in each.items() if in_turn(found) is None}


def told(calls: Sequence[Call]) -> str:
    """Write a history, for people."""
    first = min((call.began for call in calls), default=0.0)
    return "; ".join(
        f"{call.process}: {call.verb} {call.word} {1000 * (call.began - first):.1f}-"
        f"{1000 * (call.ended - first):.1f} -> {call.answer}"
        for call in calls
    )
