"""What is sent is bounded, and what is sent twice is done once, also at the same time."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.support.mcp_asking import png
from tests.support.planted import PlantedEncoder
from tests.support.serving import client, token_of, tokens

from sensorium.errors import (
    ConflictError,
    OperationCancelledError,
    RecordError,
    RequestError,
)
from sensorium.memory import Memory
from sensorium.memory.temporary_folders import ALIVE, TemporaryFolder
from sensorium.server import build_app
from sensorium.server.options import ServerOptions
from sensorium.server.requests.held_bytes import HeldBytes
from sensorium.server.requests.idempotency import IdempotentCalls
from sensorium.server.requests.uploads import UploadLimits


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (UploadLimits(file_bytes=100), 413),
        (UploadLimits(files=1), 413),
        (UploadLimits(json_bytes=10), 413),
        (UploadLimits(spare_bytes=2**60), 507),
        (UploadLimits(), 201),
    ],
)
def test_uploads_are_bounded(fresh: FastAPI, limits: UploadLimits, status: int) -> None:
    """By the size of a file, their number, the JSON, and the room on the disk."""
    fresh.state.routes = replace(fresh.state.routes, uploads=limits)
    files = [("media", (f"{number}.png", png(str(number)))) for number in range(2)]
    about = {"about": json.dumps({"tags": ["a tag"]})}
    answer = client(fresh, "ana").post("/v1/memories", files=files, data=about)
    assert answer.status_code == status, answer.text
    if status != 201:
        assert answer.json()["remedy"]
        with fresh.state.access.memories.using("ana") as memory:
            assert memory.count() == 0


def test_limits_are_options_of_the_server() -> None:
    """Whoever runs it says how much a request may bring."""
    with Memory.open(":memory:", owner="ana", encoder=PlantedEncoder()) as memory:
        app = build_app(
            memory, tokens=tokens(), options=ServerOptions(uploads=UploadLimits(file_bytes=100))
        )
        with client(app):
            files = [("media", ("a.png", png("a")))]
            assert client(app, "ana").post("/v1/memories", files=files).status_code == 413


@pytest.mark.slow
def test_what_a_killed_server_left_is_removed(fresh: FastAPI, tmp_path: Path) -> None:
    """With the next upload, wherever uploads lie; what another server still receives stays."""
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from sensorium.server.requests.uploads import UploadLimits, _new_folder\n"
        f"folder = _new_folder(UploadLimits(folder=Path({str(tmp_path)!r})))\n"
        "(folder.path / 'film').write_bytes(b'x')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    [left] = tmp_path.iterdir()
    used = TemporaryFolder(tmp_path, of="upload-")
    for folder in (left, used.path):
        os.utime(folder / ALIVE, (1e9, 1e9))
    limits = UploadLimits(folder=tmp_path)
    fresh.state.routes = replace(fresh.state.routes, uploads=limits)
    answer = client(fresh, "ana").post("/v1/memories", files=[("media", ("a.png", png("a")))])
    assert answer.status_code == 201, answer.text
    assert list(tmp_path.iterdir()) == [used.path]
    used.remove()


def test_names_of_files_are_no_paths(fresh: FastAPI) -> None:
    """What a client calls a file is kept as a name, whatever is in it."""
    web = client(fresh, "ana")
    for number, name in enumerate(("../../etc/a.png", "C:\\x\\b.png", "c" * 9000 + ".png", "")):
        files = [("media", (name, png(str(number))))]
        answer = web.post("/v1/memories", files=files)
        if answer.status_code == 413:  # a header beyond what the parser takes
            continue
        assert answer.status_code in {201, 422}, answer.text
    listed = web.get("/v1/memories").json()["records"]
    names = {medium["uri"] for record in listed for medium in record["media"]}
    assert {"a.png", "b.png"} <= names
    assert all(len(name) < 700 and "/" not in name for name in names)


def test_a_key_is_waited_for_while_its_first_call_runs() -> None:
    """One call does the work; who comes meanwhile gets its answer, or its error."""

    async def run() -> None:
        calls, begun = IdempotentCalls(), asyncio.Event()
        done: list[int] = []

        async def work() -> str:
            done.append(1)
            begun.set()
            await asyncio.sleep(0.05)
            return "answer"

        async def failing() -> str:
            await asyncio.sleep(0.01)
            raise RecordError("a", "b", "c")

        first = asyncio.create_task(calls.once("ana", "k", "body", work))
        await begun.wait()
        with pytest.raises(ConflictError, match="another body"):
            await calls.once("ana", "k", "other", work)
        others = [calls.once("ana", "k", "body", work) for _ in range(5)]
        assert await asyncio.gather(first, *others) == ["answer"] * 6
        assert await calls.once("ben", "k", "other", work) == "answer"
        assert len(done) == 2
        both = [calls.once("ana", "f", "body", failing) for _ in range(2)]
        errors = await asyncio.gather(*both, return_exceptions=True)
        assert [type(error) for error in errors] == [RecordError] * 2
        assert await calls.once("ana", "f", "body", work) == "answer"
        for wrong in ("", "k" * 256):
            with pytest.raises(RequestError, match="Idempotency-Key"):
                await calls.once("ana", wrong, "body", work)

    asyncio.run(run())


def test_who_waits_for_a_call_that_is_given_up_begins_anew() -> None:
    """The client of the first call went away: that is no answer for the others."""

    async def run() -> None:
        calls, begun, gone = IdempotentCalls(), asyncio.Event(), asyncio.Event()

        async def given_up() -> str:
            begun.set()
            await gone.wait()
            raise OperationCancelledError("a", "b", "c")

        async def work() -> str:
            return "answer"

        first = asyncio.create_task(calls.once("ana", "k", "body", given_up))
        await begun.wait()
        other = asyncio.create_task(calls.once("ana", "k", "body", work))
        await asyncio.sleep(0)
        gone.set()
        with pytest.raises(OperationCancelledError):
            await first
        assert await other == "answer"

    asyncio.run(run())


def test_a_call_that_runs_is_never_forgotten() -> None:
    """However many owners send keys meanwhile: it would be done twice."""

    async def run() -> None:
        calls, done, begun, leave = IdempotentCalls(owners=1), [], asyncio.Event(), asyncio.Event()

        async def slow() -> str:
            done.append("slow")
            begun.set()
            await leave.wait()
            return "slow"

        async def work() -> str:
            return "quick"

        first = asyncio.create_task(calls.once("ana", "k", "body", slow))
        await begun.wait()
        for owner in ("ben", "cyd", "dan"):
            assert await calls.once(owner, "k", "body", work) == "quick"
        again = asyncio.create_task(calls.once("ana", "k", "body", slow))
        await asyncio.sleep(0)
        leave.set()
        assert [await first, await again] == ["slow", "slow"]
        assert done == ["slow"]

    asyncio.run(run())


def test_json_is_bounded_over_all_requests(fresh: FastAPI) -> None:
    """What one request holds another cannot; it is free again when the answer was sent."""
    held = HeldBytes(most=1000)
    fresh.state.routes = replace(fresh.state.routes, held=held)
    web = client(fresh, "ana")
    about = {"text": "a" * 600}
    form: dict[str, Any] = {
        "data": {"about": json.dumps(about)},
        "files": [("media", ("a.png", png("a")))],
    }
    for _ in range(3):
        assert web.post("/v1/memories", json=about).status_code == 201
    with held.one() as other:
        other.take(500)
        for sent in ({"json": about}, form):
            refused = web.post("/v1/memories", **sent)
            assert (refused.status_code, refused.json()["code"]) == (429, "TooManyRequestsError")
            assert int(refused.headers["retry-after"]) > 0
    assert web.post("/v1/memories", **form).status_code == 201


def test_keys_are_bounded_in_number_and_time() -> None:
    """The oldest is forgotten first, of each owner for itself, and owners are bounded, too."""

    async def run() -> None:
        calls = IdempotentCalls(most=2, owners=2)
        count = 0

        async def work() -> int:
            nonlocal count
            count += 1
            return count

        for key in ("a", "b", "c"):
            await calls.once("ana", key, "body", work)
        assert await calls.once("ana", "c", "body", work) == 3
        assert await calls.once("ana", "a", "body", work) == 4
        for owner in ("ben", "cyd"):
            await calls.once(owner, "a", "body", work)
        assert await calls.once("ana", "a", "body", work) == 7
        brief = IdempotentCalls(lifetime=0.0)
        assert [await brief.once("ana", "a", "body", work) for _ in range(2)] == [8, 9]

    asyncio.run(run())


def test_events_reach_a_client_as_they_happen(fresh: FastAPI) -> None:
    """What was remembered after it began to listen; its going away ends the answer."""

    async def run() -> list[str]:
        sent: list[str] = []
        heard, told = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not told.is_set():
                told.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await heard.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert message["status"] == 200
                assert (b"content-type", b"text/event-stream; charset=utf-8") in message["headers"]
            sent.append(message.get("body", b"").decode())
            if "listening" in sent[-1]:
                fresh.state.routes.happenings.tell("ben", "remembered", ["hers"])
                fresh.state.routes.happenings.tell("ana", "remembered", ["a/b"])
            if "remembered" in sent[-1]:
                heard.set()

        scope = {
            **{"type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}},
            **{"http_version": "1.1", "method": "GET", "path": "/v1/events"},
            **{"raw_path": b"/v1/events", "query_string": b"", "scheme": "http"},
            "headers": [
                (b"host", b"127.0.0.1:8000"),
                (b"authorization", f"Bearer {token_of('ana')}".encode()),
            ],
            **{"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000), "state": {}},
        }
        await asyncio.wait_for(fresh(scope, receive, send), 20)
        return sent

    told = "".join(asyncio.run(run()))
    assert '-1\ndata: {"kind": "remembered", "id": "a/b"}\n\n' in told
    assert "hers" not in told
    assert fresh.state.routes.happenings.listened_to() == []
