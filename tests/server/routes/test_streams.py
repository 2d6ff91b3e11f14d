"""`/v1/streams`: live samples become memories, bad ones are refused, others wait."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import numpy as np
import PIL.Image
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from tests.support.mcp_asking import png
from tests.support.serving import client, token_of

from sensorium.agents.grants import Grant, digest_of
from sensorium.memory import Stream
from sensorium.server.requests.stream_options import StreamMessage, read_message
from sensorium.server.state import MOST_OF_OWNER

STREAMS = "ws://127.0.0.1:8000/v1/streams"  # as tests.support.serving has it
MOTION = f"{STREAMS}?modality=imu&rate=50&accel=m/s^2&gyro=rad/s&name=wrist&tags=left"
GRAVITY = np.array([0, 0, 9.8, 0, 0, 0])
ROWS = (np.random.default_rng(0).normal(0, 1, (256, 6)) + GRAVITY).astype("<f4")


def picture(side: int) -> bytes:
    """The file of a grey square."""
    file = io.BytesIO()
    PIL.Image.new("RGB", (side, side), (9, 9, 9)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def web(fresh: FastAPI) -> Iterator[TestClient]:
    with client(fresh, "ana") as opened:
        yield opened


def until(socket: WebSocketTestSession, kind: str) -> list[dict[str, Any]]:
    """The events up to one of a kind."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["event"] != kind:
        found.append(json.loads(socket.receive_text()))
    return found


def test_windows_become_memories(web: TestClient) -> None:
    """Binary rows and rows in JSON; each window is told with its id, and all is kept at the end."""
    with web.websocket_connect(MOTION) as socket:
        assert until(socket, "open")[0]["modality"] == "imu"
        socket.send_bytes(ROWS[:128].tobytes())
        socket.send_text(json.dumps({"samples": ROWS[128:].tolist()}))
        socket.send_text('{"end": true}')
        events = until(socket, "closed")
    windows = [each["id"] for each in events if each["event"] == "window"]
    assert len(windows) == events[-1]["remembered"] == 2
    for name in windows:
        record = web.get(f"/v1/memories/{name}").json()
        assert (record["modalities"], record["source"], record["tags"]) == (
            ["imu"],
            "wrist",
            ["left"],
        )


def test_what_was_sent_is_kept_if_the_client_goes(web: TestClient) -> None:
    """A window that is long enough is remembered, as when a stream is closed."""
    with web.websocket_connect(MOTION) as socket:
        until(socket, "open")
        socket.send_bytes(ROWS[:100].tobytes())
    end = time.monotonic() + 30  # the stream is closed behind the client's back
    while not (kept := web.get("/v1/stats").json()["modalities"]) and time.monotonic() < end:
        time.sleep(0.01)
    assert kept == {"imu": 1}


def test_frames_come_as_files_or_numbers(web: TestClient) -> None:
    """A picture as its file; a depth map as numbers of a known size."""
    with web.websocket_connect(f"{STREAMS}?modality=image&every=0") as socket:
        socket.send_bytes(png("dog"))
        socket.send_text('{"end": true}')
        assert until(socket, "closed")[-1]["remembered"] == 1
    size = "&unit=m&fx=100&every=0&height=6&width=8"
    with web.websocket_connect(f"{STREAMS}?modality=depth{size}") as socket:
        frame = np.full((6, 8), 1.5, "<f4")
        frame[2, 3] = 2.25
        socket.send_bytes(frame.tobytes())
        socket.send_text('{"end": true}')
        [name] = [e["id"] for e in until(socket, "closed") if e["event"] == "window"]
    digest = web.get(f"/v1/memories/{name}").json()["media"][0]["digest"]
    assert web.get(f"/v1/signals/{digest}").json()["high"] == 2.25


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"", "PerceptShapeError"),
        (b"1234567", "PerceptShapeError"),
        ("{", "RequestError"),
        ("{}", "RequestError"),
        ('{"samples": [[1, 2], [3]]}', "PerceptShapeError"),
        ('{"samples": [[1, 2, 3]]}', "PerceptShapeError"),
        ('{"samples": [["a", 2, 3, 4, 5, 6]]}', "PerceptShapeError"),
        ('{"samples": [[1, 2, 3, 4, 5, 6]], "at": "noon"}', "RequestError"),
        ('{"samples": [[1, 2, 3, 4, 5, 6]], "colour": 1}', "RequestError"),
        ("x" * 9_000_000, "SourceTooLargeError"),
    ],
)
def test_what_cannot_be_taken_closes_the_socket(
    web: TestClient, message: str | bytes, code: str
) -> None:
    """With what came and what to do, after what was good is kept."""
    with web.websocket_connect(MOTION) as socket:
        socket.send_bytes(ROWS[:100].tobytes())
        if isinstance(message, bytes):
            socket.send_bytes(message)
        else:
            socket.send_text(message)
        [refused] = [e for e in until(socket, "closed") if e["event"] == "refused"]
        assert (refused["code"], bool(refused["remedy"])) == (code, True)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 1007
    assert 0 < len(closed.value.reason.encode()) <= 123
    assert web.get("/v1/stats").json()["records"] == 1


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        (STREAMS, 422, "modality"),
        (f"{STREAMS}?modality=smell", 422, "smell"),
        (f"{STREAMS}?modality=imu&rate=50", 422, "accel"),
        (f"{STREAMS}?modality=imu&rate=nan&accel=g&gyro=rad/s", 422, "rate"),
        (f"{MOTION}&colour=red", 422, "colour"),
        (f"{MOTION}&window=-1", 422, "window"),
    ],
)
def test_a_stream_that_cannot_be_is_not_opened(
    web: TestClient, path: str, status: int, named: str
) -> None:
    """The handshake is answered with a problem."""
    with pytest.raises(WebSocketDenialResponse) as denied, web.websocket_connect(path):
        pass
    assert denied.value.status_code == status
    assert named in denied.value.text


@pytest.mark.parametrize(
    ("name", "headers", "status"),
    [
        (None, {}, 401),
        ("guest", {}, 403),
        ("ana", {"Origin": "http://elsewhere.example"}, 403),
        (None, {"Authorization": "Bearer sns_wrong_0123456789"}, 401),
    ],
)
def test_who_may_not_write_opens_none(
    fresh: FastAPI, name: str | None, headers: dict[str, str], status: int
) -> None:
    """A token with the right is needed, and no page of another server may use it."""
    web = client(fresh, name)
    with (
        pytest.raises(WebSocketDenialResponse) as denied,
        web.websocket_connect(MOTION, headers=headers),
    ):
        pass
    assert denied.value.status_code == status
    assert token_of("ana") not in denied.value.text


def refused(web: TestClient, path: str = MOTION) -> WebSocketDenialResponse:
    """The answer to a handshake that opens no stream."""
    with pytest.raises(WebSocketDenialResponse) as denied, web.websocket_connect(path):
        pass
    return denied.value


def test_streams_are_bounded_by_owner(fresh: FastAPI) -> None:
    """One more of an owner is refused with 429; another owner opens one; an end makes room."""
    with client(fresh, "ana") as ana, client(fresh, "ben") as ben, ExitStack() as opened:
        sockets = [
            opened.enter_context(ana.websocket_connect(MOTION)) for _ in range(MOST_OF_OWNER)
        ]
        answer = refused(ana)
        assert (answer.status_code, "close one" in answer.text) == (429, True)
        with ben.websocket_connect(MOTION) as other:
            until(other, "open")
        sockets[0].send_text('{"end": true}')
        until(sockets[0], "closed")
        with pytest.raises(WebSocketDisconnect):
            sockets[0].receive_text()
        ana.get("/health")  # the stream has ended in the server meanwhile
        with ana.websocket_connect(MOTION) as again:
            until(again, "open")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        "modality=imu&rate=50&accel=g&gyro=rad/s&queue=4096",
        "modality=imu&rate=50&accel=g&gyro=rad/s&window=3600&stride=0.001",
        "modality=imu&rate=1000000&accel=g&gyro=rad/s&window=3600",
        "modality=imu&accel=g&gyro=rad/s&window=3600",
        "modality=imu&rate=100000&accel=g&gyro=rad/s&lateness=3600",
        "modality=imu&rate=100000&accel=g&gyro=rad/s&gap=3600",
        "modality=audio&rate=48000&window=3600",
        "modality=audio&rate=48000&queue=1000",
        "modality=audio&rate=192000&channels=8",
        "modality=image&queue=4096",
    ],
)
def test_what_may_wait_is_bounded(web: TestClient, options: str) -> None:
    """A stream that could hold gibibytes is not opened, and the answer says what to lower."""
    answer = refused(web, f"{STREAMS}?{options}")
    assert answer.status_code == 422, answer.text
    assert any(word in answer.text for word in ("queue", "window", "stride")), answer.text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "message", "named"),
    [
        ("modality=depth&unit=m&fx=9&height=1&width=1", np.ones(5000, "<f4").tobytes(), "parts"),
        (
            "modality=depth&unit=m&fx=9&height=1024&width=1024&queue=64",
            np.ones(1024 * 1024, "<f4").tobytes(),
            "queue",
        ),
        ("modality=image&queue=1024", picture(512), "queue"),
        ("modality=audio&rate=8000", json.dumps({"samples": [[0.0] * 9] * 3}), "channels"),
        (
            "modality=imu&rate=100&accel=m/s^2&gyro=rad/s&window=0.02",
            np.tile(GRAVITY.astype("<f4"), 10_000).tobytes(),
            "parts",
        ),
    ],
)
def test_what_a_message_becomes_is_bounded(
    web: TestClient, options: str, message: str | bytes, named: str
) -> None:
    """Tiny frames in their thousands, frames too large to wait, channels nobody announced."""
    with web.websocket_connect(f"{STREAMS}?{options}") as socket:
        if isinstance(message, bytes):
            socket.send_bytes(message)
        else:
            socket.send_text(message)
        [told] = [e for e in until(socket, "closed") if e["event"] == "refused"]
    assert (told["code"], named in told["remedy"]) == ("PerceptValueError", True)


@pytest.mark.slow
@pytest.mark.parametrize("number", ["300", "-1", "0.5", "null"])
def test_a_picture_in_json_is_whole_numbers(web: TestClient, number: str) -> None:
    """What is no number from 0 to 255 is refused, not made one; what is becomes those pixels."""
    frame = "[[0, 255], [7, %s]]"
    with web.websocket_connect(f"{STREAMS}?modality=image&every=0") as socket:
        socket.send_text(f'{{"samples": {frame % 44}}}')
        socket.send_text(f'{{"samples": {frame % number}}}')
        events = until(socket, "closed")
    [told] = [each for each in events if each["event"] == "refused"]
    assert (told["code"], "0 to 255" in told["needed"]) == ("PerceptValueError", True)
    assert events[-1]["remembered"] == 1


def test_a_client_hears_that_it_is_too_fast(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a message waits for room in the queue nothing more is read; nothing is lost."""
    pushed = Stream.push

    def slow(self: Stream, *samples: Any, **named: Any) -> None:
        threading.Event().wait(0.05)
        pushed(self, *samples, **named)

    monkeypatch.setattr(Stream, "push", slow)
    monkeypatch.setattr("sensorium.server.routes.streams.PATIENCE", 0.005)
    with web.websocket_connect(MOTION) as socket:
        for start in range(0, 256, 64):
            socket.send_bytes(ROWS[start : start + 64].tobytes())
        socket.send_text('{"end": true}')
        events = until(socket, "closed")
    told = [each["event"] for each in events if each["event"] in {"pause", "resume"}]
    assert told == ["pause", "resume"] * 4
    assert (events[-1]["remembered"], events[-1]["lost"]) == (2, 0)


def test_a_revoked_token_sends_no_more(web: TestClient, fresh: FastAPI) -> None:
    """An open stream ends with the next message; what came before is kept."""
    tokens = fresh.state.access.tokens
    with web.websocket_connect(MOTION) as socket:
        until(socket, "open")
        socket.send_bytes(ROWS.tobytes())
        until(socket, "window")
        tokens._grants.remove(tokens.of(token_of("ana")))
        socket.send_bytes(ROWS.tobytes())
        [refused] = [each for each in until(socket, "closed") if each["event"] == "refused"]
        assert refused["code"] == "UnauthorizedError"
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
    assert ended.value.code == 1008
    assert client(fresh, "guest").get("/v1/stats").json()["records"] == 2


@pytest.fixture
def looked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensorium.server.routes.streams.LOOK", 0.02)


@pytest.mark.usefixtures("looked_often")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (None, "UnauthorizedError"),
        (Grant(digest_of(token_of("ana")), "ana", frozenset({"read"})), "ForbiddenError"),
        (Grant(digest_of(token_of("ana")), "ben", frozenset({"write"})), "ForbiddenError"),
    ],
)
def test_a_silent_stream_ends_with_its_right(
    web: TestClient, fresh: FastAPI, changed: Grant | None, code: str
) -> None:
    """Revoked, narrowed or of another owner: the stream ends though nothing is sent."""
    grants = fresh.state.access.tokens._grants
    with web.websocket_connect(MOTION) as socket:
        until(socket, "open")
        grants.remove(fresh.state.access.tokens.of(token_of("ana")))
        if changed is not None:
            grants.append(changed)
        [told] = [each for each in until(socket, "closed") if each["event"] == "refused"]
        assert told["code"] == code
        with pytest.raises(WebSocketDisconnect) as ended:
            socket.receive_text()
    assert ended.value.code == 1008


@pytest.mark.usefixtures("looked_often")
def test_a_stream_that_sends_nothing_ends(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while; what it sent before is kept."""
    monkeypatch.setattr("sensorium.server.routes.streams.IDLE", 0.1)
    with web.websocket_connect(MOTION) as socket:
        socket.send_bytes(ROWS[:100].tobytes())
        events = until(socket, "closed")
    assert any("without a message" in each.get("came", "") for each in events)
    assert events[-1]["remembered"] == 1


def test_messages_are_read_in_the_stream_s_thread(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long text of JSON keeps no other request waiting."""
    threads: list[bool] = []

    def noted(text: str) -> StreamMessage:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            threads.append(False)
            return read_message(text)
        threads.append(True)
        return read_message(text)

    monkeypatch.setattr("sensorium.server.routes.streams.read_message", noted)
    with web.websocket_connect(MOTION) as socket:
        socket.send_text(json.dumps({"samples": ROWS.tolist()}))
        socket.send_text('{"end": true}')
        until(socket, "closed")
    assert threads == [True, True]
