"""Whoever answers without having the folder's lock is not its holder, and harms nobody."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from tests.support.false_holder import FalseHolder
from tests.support.holding import HoldingProcess, lose_patience
from tests.support.stores import ME, SCHEMA, point

from sensorium.errors import StoreLockedError
from sensorium.qdrant import EdgeBackend
from sensorium.qdrant.shared import SharedBackend, access
from sensorium.qdrant.shared.frames import LENGTH, LONGEST, PROTOCOL, Incoming, framed


def says(content: bytes, *, end: bool = True) -> object:
    """An answer to whoever greets."""

    def answer(caller: socket.socket, _: Incoming, __: bytes) -> None:
        caller.sendall(content)
        if end:
            caller.close()

    return answer


def greets(content: bytes, *, end: bool = True) -> object:
    """A right greeting, and then an answer to what is asked."""

    def answer(caller: socket.socket, incoming: Incoming, greeting: bytes) -> None:
        caller.sendall(greeting)
        incoming.receive()
        caller.sendall(content)
        if end:
            caller.close()

    return answer


HUGE = LENGTH.pack(LONGEST + 1) + b"x"
WRONG = {
    "nothing": says(b""),
    "nothing, and stays": says(b"", end=False),
    "another protocol": says(framed(["hello", PROTOCOL + 1, 5])),
    "too short a greeting": says(framed(["hello", PROTOCOL, 5])),
    "a greeting of wrong types": says(framed(["hello", PROTOCOL, "5", 5, None, {}])),
    "another program's words": says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "half a greeting, and stays": says(LENGTH.pack(100) + b"x", end=False),
    "a huge greeting": says(HUGE),
    "no answer": greets(b""),
    "no answer, and stays": greets(b"", end=False),
    "reports of progress": greets(framed(["progress", [1, 2]]) * 9, end=False),
    "half an answer": greets(LENGTH.pack(100) + b"x"),
    "half an answer, and stays": greets(LENGTH.pack(100) + b"x", end=False),
    "a huge answer": greets(HUGE),
    "an answer of another kind": greets(framed(["well", 5])),
    "an answer of too many parts": greets(framed(["result", 5, 5])),
    "an error that is none": greets(framed(["error", 5])),
    "what is no message": greets(LENGTH.pack(1) + b"\xc1"),
}


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory that nobody has open."""
    folder = tmp_path_factory.mktemp("begun")
    EdgeBackend.open(folder, schema=SCHEMA).close()
    return folder


@pytest.mark.parametrize("how", WRONG)
def test_who_answers_without_the_lock_is_passed_over(
    begun: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens the folder holds it, whatever a stranger says in the place of a holder."""
    lose_patience(monkeypatch)
    stranger = FalseHolder(begun, SCHEMA, WRONG[how])  # type: ignore[arg-type]
    backend = SharedBackend.open(begun, schema=SCHEMA)
    backend.upsert([point("a")])
    assert backend.count(ME) == 1
    assert backend.processes()[0]["holds"]
    assert stranger.calls > 0
    backend.close()
    stranger.close()


def test_a_holder_that_breaks_off_every_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that has the lock cannot be passed over: the error says who it is."""
    monkeypatch.setattr(access, "PATIENCE", 0.3)
    alone = EdgeBackend.open(tmp_path, schema=SCHEMA, sharing=True)
    stranger = FalseHolder(tmp_path, SCHEMA, WRONG["no answer"])  # type: ignore[arg-type]
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    with pytest.raises(StoreLockedError, match="this process, broke off every answer"):
        backend.count(ME)
    stranger.close()
    alone.close()
    assert backend.count(ME) == 0
    backend.close()


def test_a_stopped_holder_is_not_waited_for_twice(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked after the error gets it soon; when the holder goes on, all is well again."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    backend.count(ME)
    with monkeypatch.context() as hasty:
        lose_patience(hasty)
        backend._access._idle[0]._socket.settimeout(0.3)
        holding.stop()
        with pytest.raises(StoreLockedError, match="does not answer"):
            backend.count(ME)
    lose_patience(monkeypatch, 600.0)
    began = time.monotonic()
    with pytest.raises(StoreLockedError, match="does not answer"):
        backend.count(ME)
    assert time.monotonic() - began < 60
    holding.go_on()
    while backend._access._doubted is not None:
        try:
            assert backend.count(ME) == 0
        except StoreLockedError:
            assert time.monotonic() - began < 60
    backend.close()
    holding.kill()


def test_a_stopped_holder_is_named_to_who_sends_much(
    tmp_path: Path, holding: HoldingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than fits between the processes waits while it is sent, not for its answer."""
    holding.open(tmp_path, SCHEMA)
    backend = SharedBackend.open(tmp_path, schema=SCHEMA)
    lose_patience(monkeypatch)
    backend._access._idle.clear()
    backend.count(ME)  # over a connection that is as hasty
    holding.stop()
    with pytest.raises(StoreLockedError, match=f"process {holding.pid}, does not answer"):
        backend.upsert([point("a", words="x" * 2_000_000)])
    holding.go_on()
    holding.kill()
    backend.close()
