"""A Qdrant server of our own on 127.0.0.1 that fails in every way; what it holds is in memory."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qdrant_client import QdrantClient

from tests.attack.servers.store import Store

FAULTS = (
    *("500 before", "500 after", "503 page", "429 now", "429 date", "429 huge", "reset before"),
    *(
        "reset after",
        "half",
        "wrong json",
        "null result",
        "wrong shape",
        "hang",
        "empty",
        "not http",
    ),
)
AFTER = ("500 after", "reset after", "half", "wrong json", "null result", "wrong shape", "empty")
WITHIN = "reset within"
RETRY = {"now": "0", "date": "Wed, 21 Oct 2035 07:28:00 GMT", "huge": "9" * 40}
READING = re.compile(r"^GET |^POST .*/points(/scroll|/count|/facet|/query|/query/batch)?$")
HANG = 3.0  # seconds, longer than a client waits


class Server:
    """What it holds, and what goes wrong.

    Attributes:
        fault: Asked before each request, with its method and path; names the fault that strikes.
        struck: How often each fault struck.
        applied: How many requests were applied.
        url: Where it listens.
    """

    def __init__(self) -> None:
        """Begin empty and without faults."""
        self.store = Store(QdrantClient(":memory:"))
        self.fault: Callable[[str], str | None] = lambda _: None
        self.struck: Counter[str] = Counter()
        self.applied = 0
        self.url = ""
        self._guard = threading.Lock()

    def apply(self, method: str, path: str, body: Any) -> Any:
        """Do what a request asks for, one at a time."""
        with self._guard:
            self.applied += 1
            return self.store.apply(method, path, body)


class _Handler(BaseHTTPRequestHandler):
    server_: Server

    def answer(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "null")
        path = self.path.partition("?")[0]
        fault = self.server_.fault(f"{self.command} {path}")
        if fault:
            self.server_.struck[fault] += 1
        if fault and fault not in (*AFTER, WITHIN):
            self._fail(fault)
            return
        if fault == WITHIN:
            body, fault = first_operation(body), "reset after"
        try:
            result = self.server_.apply(self.command, path, body)
        except Exception as error:  # a server answers, whatever went wrong
            status = 404 if str(error).endswith("not found") else 400
            self._say(status, json.dumps({"status": {"error": str(error)}, "time": 0}))
            return
        answer = {"result": result, "status": "ok", "time": 0.0}
        if path == "/":
            answer = {"title": "qdrant", "version": "1.20.0"}
        self._answer(json.dumps(answer), fault)

    def _fail(self, fault: str) -> None:
        """Answer a request that was not applied."""
        if fault.startswith("429"):
            self._say(429, "{}", {"Retry-After": RETRY[fault[4:]]})
        elif fault in ("500 before", "503 page"):
            self._say(int(fault[:3]), "<html>busy</html>")
        elif fault == "not http":
            self.wfile.write(b"\x00\x01\x02 what?\r\n\r\n")
            self.close_connection = True
        else:
            if fault == "hang":
                time.sleep(HANG)
            self._reset()

    def _answer(self, text: str, fault: str | None) -> None:
        """Answer a request that was applied."""
        half = text[: len(text) // 2]
        nothing = '{"result": null, "status": "ok", "time": 0.0}'
        shapeless = '{"result": [{"x": [1]}], "status": "ok", "time": "never"}'
        if fault == "reset after":
            self._reset()
        elif fault == "half":
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(half.encode())
            self.close_connection = True
        elif fault == "500 after":
            self._say(500, "oops")
        else:
            said = {
                "wrong json": half,
                "empty": "",
                "null result": nothing,
                "wrong shape": shapeless,
            }
            self._say(200, said.get(fault or "", text))

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # a reset, no orderly end
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        self.close_connection = True

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class's names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Say nothing: connections that break are what this is for."""


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve in a thread; `server.url` says where."""
    listener = _Listener(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_": server}))
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{listener.server_port}"
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()


def first_operation(body: Any) -> Any:
    """What a server has done of a request when it stops after the first of its operations."""
    operations = body.get("operations") if isinstance(body, dict) else None
    return {**body, "operations": operations[:1]} if operations else body


class CutAfter:
    """A fault: the server takes a number of writing requests, and then none of any kind."""

    def __init__(self, requests: int, last: str) -> None:
        """Begin to count.

        Args:
            requests: How many writing requests it answers.
            last: What happens to the one after them: `"reset before"` or `"reset after"` it is
                applied, or `"reset within"` its operations, where it has several.
        """
        self.left, self.last, self.over = requests, last, False

    def __call__(self, line: str) -> str | None:
        """Say what happens to the next request."""
        if self.over:
            return "reset before"
        if READING.search(line):
            return None
        if self.left > 0:
            self.left -= 1
            return None
        self.over = True
        return self.last
