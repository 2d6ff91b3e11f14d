"""A Qdrant server's REST side on 127.0.0.1, as far as the tests of the line to it need one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DONE = {"operation_id": 1, "status": "completed"}
ALIAS = {"alias_name": "sensorium", "collection_name": "sensorium-00000001"}
CLUSTER: dict[str, Any] = {"peer_id": 2, "local_shards": [], "shard_transfers": []}
POINTS = {"count": {"count": 7}, "scroll": {"points": [], "next_page_offset": None}}
LISTS = {"/aliases": "aliases", "/collections": "collections"}
GONE = '{"status": {"error": "Not found: Collection `sensorium` doesn\'t exist!"}}'


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        line: Method and path.
        key: Its API key.
        size: Bytes of its body.
        body: Its JSON.
        port: Port of the client's end of the connection.
        encoding: Encodings in which the client takes an answer.
    """

    line: str
    key: str | None
    size: int
    body: Any
    port: int
    encoding: str | None


@dataclass
class Stub:
    """What the server says.

    Attributes:
        collection: The description of its one collection; `None` while there is none.
        made: What it describes once one was made.
        failures: Status, body and headers of answers that come first, one a request.
        shards: States of the collection's shards, a list for each time that they are asked for.
        passed: Requests that are answered before the failures begin.
        late: Seconds by which each answer is late.
        version: What it says when it is asked for its version.
        answers: Answers to other requests, by method and path.
    """

    collection: dict[str, Any] | None = None
    made: dict[str, Any] | None = None
    failures: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    shards: list[list[str]] = field(default_factory=list)
    passed: int = 0
    late: float = 0.0
    version: str = "1.20.0"
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def answer(self, line: str) -> Any:
        method, path = line.split()
        known = {**self.answers}
        if path.endswith("/exists"):
            known[line] = {"exists": self.collection is not None}
        if line in known:
            return known[line]
        if path in LISTS:
            there = self.collection is not None and path == "/aliases"
            return {LISTS[path]: [ALIAS] if there else []}
        if (asked := path.rpartition("/points/")[2]) in POINTS:
            return POINTS[asked]
        if path.endswith("/cluster"):
            states = self.shards.pop(0) if len(self.shards) > 1 else self.shards[0]
            copies = [
                {"shard_id": number, "peer_id": 1, "state": state}
                for number, state in enumerate(states)
            ]
            return {**CLUSTER, "shard_count": len(states), "remote_shards": copies}
        if method == "GET":
            return self.collection
        if line.startswith("PUT /collections/") and path.count("/") == 2:
            self.collection = self.made
        return DONE if "/points" in path or "/index" in path else True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as by a real server
    stub: Stub
    stopped: threading.Event

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        line = f"{self.command} {self.path.partition('?')[0]}"
        content, port = json.loads(body or "null"), self.client_address[1]
        key, encoding = self.headers["api-key"], self.headers["Accept-Encoding"]
        asked = Asked(line, key, len(body), content, port, encoding)
        self.stub.asked.append(asked)
        self.stopped.wait(self.stub.late)
        description = self.command == "GET" and self.path.count("/") == 2
        self.stub.passed -= 1
        if self.stub.failures and self.stub.passed < 0:
            status, text, headers = self.stub.failures.pop(0)
        elif description and self.stub.collection is None:
            status, text, headers = 404, GONE, {}
        else:
            answer = {"result": self.stub.answer(line), "status": "ok", "time": 0.0}
            if line == "GET /":
                answer = {"title": "qdrant", "version": self.stub.version}
            status, text, headers = 200, json.dumps(answer), {}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the base class's names

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Say nothing: clients that leave early are part of the tests."""


@contextmanager
def serving(stub: Stub) -> Iterator[Stub]:
    """Serve `stub` in a thread; `stub.url` says where."""
    stopped = threading.Event()
    handler = type("Handler", (_Handler,), {"stub": stub, "stopped": stopped})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
