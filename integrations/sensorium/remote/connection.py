"""One Sensorium server as its client reaches it: requests, answers and refusals."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from sensorium import errors
from sensorium.errors import MemoryAccessError, OwnerError, SensoriumError, StoreUnavailableError
from sensorium.percepts.locations import is_loopback, without_credentials
from sensorium.qdrant.backend import closed

PREFIX = re.compile(r"sensorium\+(?=https?://)", re.IGNORECASE)
VERSION = "/v1"
TOKEN_VARIABLE = "SENSORIUM_TOKEN"
INSECURE = "SENSORIUM_INSECURE"  # allows HTTP without TLS to other machines, if it is 1
PROBLEM = "application/problem+json"
CONNECTING, WAITING = 10.0, 600.0  # seconds: long sounds take minutes to encode
WORDS = 3  # of an error: what came, what was needed, what to do
OURS = {  # errors that a server may name, by the names of their classes
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, SensoriumError)
}


class Download(NamedTuple):
    """A file as it comes: its pieces, and whether it may be kept and used again."""

    pieces: Iterator[bytes]
    may_be_kept: bool


class Connection:
    """Sends requests to one server, with the token of one owner. May be used by many threads."""

    def __init__(
        self, url: str, token: str | None, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        """Prepare the connection; nothing is sent yet.

        Args:
            url: Address of the server, such as `"sensorium+https://host"`.
            token: Token of the owner; by default the environment variable SENSORIUM_TOKEN.
            transport: What carries requests, such as `httpx.HTTPTransport(uds=path)`; by default
                TCP.
        Raises:
            MemoryAccessError: The address has a name or a password in it, or names no host; or
                it is HTTP without TLS to another machine, and SENSORIUM_INSECURE is not 1.
        """
        self.url = PREFIX.sub("", url).rstrip("/")
        parts = urlsplit(self.url)
        if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise MemoryAccessError(
                f"the address {without_credentials(url)!r}",
                "a scheme and a host, and a path if the server is below one",
                'write "sensorium+https://host", and the token in token=',
            )
        if parts.scheme.lower() != "https" and not _may_be_read(parts.hostname):
            raise MemoryAccessError(
                f"the address {without_credentials(url)!r}, where others on the way can read all",
                "https, or a server on this machine",
                f"write sensorium+https://; in a network that you trust, set {INSECURE}=1",
            )
        self._token = token or os.environ.get(TOKEN_VARIABLE) or None
        self._transport = transport
        self._client, self._process = self._new_client(), os.getpid()
        self._is_closed = False
        self._waiting: set[socket.socket] = set()  # over which events are read

    def _new_client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        timeout = httpx.Timeout(WAITING, connect=CONNECTING)
        return httpx.Client(
            base_url=self.url + VERSION,
            headers=headers,
            timeout=timeout,
            transport=self._transport,
        )

    def _opened(self) -> httpx.Client:
        """Return a client of this process: a forked child must not share connections."""
        if self._client.is_closed:
            raise closed(f"the memory at {self.url}")
        if self._process != os.getpid():
            self._client, self._process = self._new_client(), os.getpid()
        return self._client

    def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send a request, and return its answer, read as JSON; `None` if it has none.

        Args:
            method: Verb of HTTP.
            path: Path below `/v1`; ids in it are percent-encoded already.
            request: As `httpx.Client.request` takes it.
        Raises:
            SensoriumError: What the server answered, of the class that it names.
            StoreUnavailableError: It cannot be reached, or is not a Sensorium server.
        """
        with self._told():
            answer = self._opened().request(method, path, **request)
        if answer.is_error:
            raise self._refusal(answer)
        if answer.status_code == httpx.codes.NO_CONTENT:
            return None
        return self._json(answer)

    @contextmanager
    def download(self, path: str) -> Iterator[Download]:
        """Ask for a file, and yield its content in pieces.

        Raises:
            SensoriumError: As `ask` does.
        """
        with self._told(), self._opened().stream("GET", path) as answer:
            if answer.is_error:
                answer.read()
                raise self._refusal(answer)
            may_be_kept = "no-cache" not in answer.headers.get("Cache-Control", "")
            yield Download(answer.iter_bytes(), may_be_kept)

    @contextmanager
    def events(self, path: str, **request: Any) -> Iterator[Iterator[str]]:
        """Ask for server-sent events, and yield their lines as they come.

        Raises:
            SensoriumError: As `ask` does.
        """
        with self._told(), self._opened().stream("POST", path, **request) as answer:
            if answer.is_error:
                answer.read()
                raise self._refusal(answer)
            carrier = answer.extensions["network_stream"].get_extra_info("socket")
            self._waiting.add(carrier)
            try:
                yield self._lines(answer)
            finally:
                self._waiting.discard(carrier)

    def _lines(self, answer: httpx.Response) -> Iterator[str]:
        with self._told():
            yield from answer.iter_lines()

    @property
    def is_closed(self) -> bool:
        """Whether this was closed."""
        return self._is_closed

    def close(self) -> None:
        """End the connections; a second call does nothing."""
        if self._process != os.getpid():
            return
        self._is_closed = True
        for carrier in list(self._waiting):  # else a thread that reads would go on waiting
            with suppress(OSError):
                carrier.shutdown(socket.SHUT_RDWR)
        self._client.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise StoreUnavailableError(
                f"no answer of {self.url} ({type(error).__name__}: {error})",
                "a Sensorium server there",
                "start it with `sensorium serve`, and check the address",
            ) from error

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise self._stranger(f"{answer.status_code} without JSON") from error

    def _stranger(self, answered: str) -> StoreUnavailableError:
        return StoreUnavailableError(
            f"{self.url}, which answered {answered}",
            "a Sensorium server",
            "check the address; of a Qdrant server, leave out `sensorium+`",
        )

    def _refusal(self, answer: httpx.Response) -> SensoriumError:
        """Return the error that an answer tells of."""
        if not answer.headers.get("Content-Type", "").startswith(PROBLEM):
            return self._stranger(f"{answer.status_code} {answer.reason_phrase}")
        problem: Mapping[str, Any] = self._json(answer)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return OwnerError(
                "no token, or one that the server does not know" if self._token else "no token",
                "a token of this server",
                f"pass token=, or set {TOKEN_VARIABLE}; `sensorium token add` makes one",
            )
        return self.problem(problem, title=answer.reason_phrase, status=answer.status_code)

    def problem(
        self, problem: Mapping[str, Any], *, title: str = "a problem", status: int = 500
    ) -> SensoriumError:
        """Return the error that a server describes.

        Args:
            problem: Its JSON.
            title: What to say of it where it has no words.
            status: Its status of HTTP.
        """
        kind = OURS.get(str(problem.get("code")), MemoryAccessError)
        told = [problem.get("came"), problem.get("needed"), problem.get("remedy")]
        if not all(isinstance(part, str) for part in told):
            title = str(problem.get("detail") or problem.get("title") or title)
            told = [f"{title} ({status})", "another request", "see the server's log"]
        return _made(kind, *map(str, told))


def _may_be_read(host: str) -> bool:
    """Return whether what is sent to a host without TLS is safe, or said to be."""
    return is_loopback(host) or os.environ.get(INSECURE) == "1"


def _made(kind: type[SensoriumError], came: str, needed: str, remedy: str) -> SensoriumError:
    """Make an error; of a class that holds more than words, the nearest that does not."""
    for candidate in kind.__mro__:
        if issubclass(candidate, SensoriumError) and len(fields(candidate)) == WORDS:
            return candidate(came, needed, remedy)
    return SensoriumError(came, needed, remedy)
