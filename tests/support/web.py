"""A small web server on 127.0.0.1 that can misbehave, for the tests of downloading."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """One file on a server. Lists hold one entry a request; when used up, all is well.

    Attributes:
        content: The file.
        etag: Sent and compared with If-Range, unless `None`.
        ranges: Whether Range is understood.
        heeds_if_range: Whether a Range for other content gets the whole file, as it must.
        breaks: Bytes of a body after which the connection is cut.
        statuses: Statuses sent instead of the file.
        claims: A Content-Length to send instead of the true one; "" sends none.
        redirect: Where to send the client instead.
        stalled: While set, a body stops after its first bytes.
    """

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    heeds_if_range: bool = True
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    claims: str | None = None
    redirect: str | None = None
    stalled: threading.Event = field(default_factory=threading.Event)
    requests: list[str | None] = field(default_factory=list)  # their Range headers
    sent: list[int] = field(default_factory=list)  # bytes of each body
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.requests.append(self.headers["Range"])
        if site.redirect:
            self.send_response(302)
            self.send_header("Location", site.redirect)
            self._end(0)
        elif site.statuses:
            self.send_response(site.statuses.pop(0))
            self._end(0)
        else:
            self._send_file(self._start())

    def _start(self) -> int:
        site, asked = self.site, re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        same = self.headers["If-Range"] in (None, site.etag) or not site.heeds_if_range
        return int(asked[1]) if asked and site.ranges and same else 0

    def _send_file(self, start: int) -> None:
        site, whole = self.site, len(self.site.content)
        body = site.content[start:]
        if start >= whole and start:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{whole}")
            return self._end(0)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        if site.etag:
            self.send_header("ETag", site.etag)
        self._end(len(body))
        cut = min(len(body), site.breaks.pop(0) if site.breaks else len(body))
        site.sent.append(cut)
        self.wfile.write(body[:cut])
        while site.stalled.is_set():
            self.wfile.flush()
            site.stalled.wait(0.05)
        return None

    def _end(self, length: int) -> None:
        if self.site.claims != "":
            self.send_header("Content-Length", self.site.claims or str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Say nothing: clients that leave early are part of the tests."""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve `site` in a thread; `site.url` says where."""
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/file.pth"
    try:
        yield site
    finally:
        site.stalled.clear()
        server.shutdown()
        thread.join()
        server.server_close()
