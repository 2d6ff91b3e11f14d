"""Two processes on the same records at once: as if one process had made all calls in turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.support.histories import VERBS, Call, in_turn, told, wrong_records
from tests.support.history_process import HistoryProcess

SOON = 0.005  # seconds from the order to begin to the beginning, which is the same for both
STEPS = st.lists(st.tuples(st.sampled_from(VERBS), st.sampled_from("aab")), min_size=5, max_size=9)
NUMBERS = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("histories") / "memory"


@pytest.fixture(scope="module")
def both(folder: Path) -> Iterator[list[HistoryProcess]]:
    """Two processes that have one folder open."""
    processes = [HistoryProcess(), HistoryProcess()]
    for process in processes:
        process.begin_to_open(folder)
    for process in processes:
        process.done()
    yield processes
    for process in processes:
        process.end()


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(plans=st.tuples(STEPS, STEPS))
def test_each_record_is_as_if_all_calls_were_made_in_turn(
    folder: Path, both: list[HistoryProcess], plans: tuple[list[tuple[str, str]], ...]
) -> None:
    """Whoever holds the shard, also if that changes: nobody sees what was replaced."""
    example = next(NUMBERS)
    starts = time.monotonic() + SOON
    for number, (process, plan) in enumerate(zip(both, plans, strict=True)):
        if (example // 5) % 2 == number and example % 5 == 0:
            process.begin_to_open(folder)  # it closes first, while the other calls
            continue
        process.begin_to_play(
            [
                Call(number, verb, f"{example}{name}", f"{number}-{step}")
                for step, (verb, name) in enumerate(plan)
            ],
            starts,
        )
    calls = [call for process in both for call in process.done()]
    for number, process in enumerate(both):  # both see the same in the end
        last = [Call(number, "get", name, "") for name in sorted({call.name for call in calls})]
        process.begin_to_play(last, 0.0)
        calls += process.done()
    assert {name: told(found) for name, found in wrong_records(calls).items()} == {}


def calls(*made: tuple[int, str, str, float, float, object]) -> list[Call]:
    return [
        Call(process, verb, "a", word, began, ended, answer)
        for process, verb, word, began, ended, answer in made
    ]


NEW = (0, "remember", "x", 0.0, 1.0, "new")
WRONG = {
    "a stale answer": calls(
        NEW, (0, "remember", "y", 2.0, 3.0, "replaced"), (1, "get", "", 4.0, 5.0, ["x", ""])
    ),
    "lost": calls(NEW, (1, "get", "", 2.0, 3.0, None)),
    "come back": calls(NEW, (1, "forget", "", 2.0, 3.0, 1), (0, "get", "", 4.0, 5.0, ["x", ""])),
    "new twice": calls(NEW, (1, "remember", "y", 0.5, 1.5, "new")),
    "forgotten twice": calls(NEW, (0, "forget", "", 2.0, 3.0, 1), (1, "forget", "", 2.0, 3.0, 1)),
    "an update lost": calls(
        NEW,
        (0, "reword", "y", 2.0, 4.0, True),
        (1, "tag", "t", 2.0, 4.0, True),
        (0, "get", "", 5.0, 6.0, ["y", ""]),
    ),
    "updated before it was there": calls(NEW, (1, "tag", "t", -2.0, -1.0, True)),
    "two readers see two orders": calls(
        NEW,
        (0, "remember", "y", 2.0, 9.0, "replaced"),
        (1, "get", "", 3.0, 4.0, ["y", ""]),
        (1, "get", "", 5.0, 6.0, ["x", ""]),
    ),
    "half of a call of unknown answer": calls(
        NEW, (0, "remember", "y", 2.0, 99.0, "unknown"), (1, "get", "", 3.0, 4.0, ["y", "x"])
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_have_been_in_turn_is_noticed(what: str) -> None:
    """The check of the histories can fail."""
    assert in_turn(WRONG[what]) is None
    assert list(wrong_records(WRONG[what])) == ["a"]


def test_what_can_have_been_in_turn_is_let_through() -> None:
    """Calls at the same time may have been made in either order, and unknown ones not at all."""
    together = calls(
        NEW,
        (0, "reword", "y", 2.0, 4.0, True),
        (1, "tag", "t", 2.0, 4.0, True),
        (1, "get", "", 3.0, 3.5, ["x", "t"]),
        (0, "forget", "", 5.0, float("inf"), "unknown"),
        (1, "get", "", 6.0, 7.0, ["y", "t"]),
    )
    order = in_turn(together)
    assert order is not None
    assert [call.verb for call in order[:5]] == ["remember", "tag", "get", "reword", "get"]
    gone = [*together, *calls((1, "get", "", 8.0, 9.0, None))]
    assert in_turn(gone) is not None
    back = [*gone, *calls((1, "get", "", 10.0, 11.0, ["y", "t"]))]
    assert in_turn(back) is None
