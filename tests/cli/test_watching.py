"""`sensorium watch`: what arrives is printed, line by line, and Ctrl-C ends it with a cursor."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from tests.support.command_line import BARK, DOG, remembered, run

from sensorium.memory import Hit
from sensorium.memory.watching.watch import LocalWatch

ASKED = ("watch", "a dog barking", "--modality", "audio")


def lines(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
    """The lines of JSON that a watch prints."""
    return [json.loads(line) for line in run(*arguments, "--json", code=code).stdout.splitlines()]


@pytest.mark.slow
def test_what_has_arrived_and_nothing_twice() -> None:
    """From a time, then from the cursor of each line on, and of the last."""
    ids = [
        remembered(BARK, "--id", "a"),
        remembered(DOG),
        remembered(BARK, "--id", "b", "--at", "1h"),
    ]
    found = lines(*ASKED, "--after", "1h", "--timeout", "0")
    assert [each["hit"]["record"]["id"] for each in found[:-1]] == [ids[0], ids[2]]
    assert found[-1].keys() == {"cursor"}
    [rest, last] = lines(*ASKED, "--cursor", found[0]["cursor"], "--timeout", "0")
    assert rest["hit"]["record"]["id"] == "b"
    assert lines(*ASKED, "--cursor", last["cursor"], "--timeout", "0")[:-1] == []
    assert lines(*ASKED, "--timeout", "0")[:-1] == []  # from now on
    told = run(*ASKED, "--after", "1h", "--timeout", "0")
    assert told.stdout.count("audio, confidence") == 2
    assert "--cursor AQ" in told.stderr
    everything = lines("watch", "--after", "1h", "--timeout", "0")
    assert len(everything) == 4


def test_ctrl_c_ends_it_with_a_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is meant to end: without an error, behind what was printed."""
    remembered(BARK, "--id", "a")
    remembered(BARK, "--id", "b", "--at", "1h")
    poll = LocalWatch.poll
    given: list[Hit] = []

    def interrupted(watch: LocalWatch, patience: float = 0.0) -> Hit | None:
        if given:
            signal.raise_signal(signal.SIGINT)
        hit = poll(watch, patience)
        given.extend([] if hit is None else [hit])
        return hit

    monkeypatch.setattr(LocalWatch, "poll", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job ignores it
    try:
        [hit, end] = lines(*ASKED, "--after", "1h")
    finally:
        signal.signal(signal.SIGINT, before)
    assert hit["hit"]["record"]["id"] == "a"
    assert end == {"cursor": hit["cursor"]}
    given.clear()
    monkeypatch.setattr(LocalWatch, "poll", poll)
    rest = lines(*ASKED, "--cursor", end["cursor"], "--timeout", "0")
    assert [each["hit"]["record"]["id"] for each in rest[:-1]] == ["b"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("--min-confidence", "nan"), 2),
        (("--timeout", "-1"), 1),
        (("--cursor", "damaged"), 1),
        (("--after", "soon"), 2),
        (("--cursor", "AQ", "--after", "1h"), 1),
        (("--modality", "smell"), 2),
    ],
)
def test_what_cannot_be_watched_is_refused(given: tuple[str, ...], code: int) -> None:
    """With one line, and a code as other commands have."""
    remembered(DOG)
    run("watch", "a dog", "--timeout", "0", *given, code=code)
