"""Downloading one file over HTTP, from where an earlier try stopped.

Until the file is whole, `<file>.part` holds its bytes, and `<file>.part.json` the ETag and the size
that the server stated: a resumed download never joins parts of two different files (RFC 9110,
If-Range).
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib import request
from urllib.error import HTTPError

from sensorium.errors import DownloadError
from sensorium.imagebind.releases import Progress, require_space

BLOCK = 2**18  # bytes read at a time
TIMEOUT = 30.0  # seconds without a byte
RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


class _BrokenOff(Exception):  # noqa: N818  # it never leaves this file, so it needs no Error
    """A try ended early; another may go on from there."""


@dataclass(frozen=True)
class _Content:
    """What the server stated about the file.

    Attributes:
        validator: A strong ETag, or the Last-Modified date; `None` if it sent neither.
        total: Size of the whole file in bytes; `None` if unknown.
    """

    validator: str | None
    total: int | None


class Transfer:
    """One download into a part file, in as many tries as it takes."""

    def __init__(self, url: str, part: Path, size: int | None, progress: Progress | None) -> None:
        """Describe the download; `run` carries it out.

        Args:
            url: URL of the file, http or https.
            part: The part file, which exists.
            size: Size that the file must have, in bytes; `None` if only the server knows it.
            progress: Called after each block, with the step "download".
        """
        self.url = url
        self.part = part
        self.notes = part.with_name(f"{part.name}.json")
        self._size = size
        self._progress = progress

    @property
    def held(self) -> int:
        """Bytes in the part file."""
        return self.part.stat().st_size

    def run(self, retry_waits: Sequence[float], again: str) -> None:
        """Try until the part file is whole and on disk.

        Args:
            retry_waits: Seconds before each new try; they begin anew whenever bytes have arrived.
            again: Command that resumes the download, for the error.
        Raises:
            DownloadError: The server refused, the file has another size than wanted, or every wait
                is used up.
            DiskSpaceError: The disk has no room.
        """
        waits, best = iter(retry_waits), self.held
        while True:
            try:
                self._try_once()
                return
            except HTTPError as error:
                with error:  # it holds the connection
                    reason = f"HTTP status {error.code} ({error.reason})"
                if error.code not in RETRIED_STATUSES:
                    raise self._failure(reason, again) from error
            except _BrokenOff as error:
                reason = str(error)
            if self.held > best:
                waits, best = iter(retry_waits), self.held
            wait = next(waits, None)
            if wait is None:
                raise self._failure(reason, again)
            time.sleep(wait)

    def _try_once(self) -> None:
        known = self._read_notes()
        # Without a validator nobody can tell whether the rest belongs to the same file.
        held = self.held if known.validator else 0
        try:
            response = _open(self.url, held, known.validator)
        except HTTPError as error:
            if error.code != RANGE_NOT_SATISFIABLE or not held:
                raise
            with error:
                self._check_whole(held, _range_of(error.headers)[1] or known.total)
            return
        with response:
            start, total = _extent_of(response)
            # Some servers ignore If-Range; another total shows that this is another file.
            if start not in (0, held) or (start and total != known.total):
                self._start_over()
                raise _BrokenOff(f"the server sent bytes from {start} of {total}")
            self._check_size(total)
            require_space(self.part.parent, (total or 0) - start)
            if not start:
                self._start_over()
                self._write_notes(_Content(_validator(response.headers), total))
            self._receive(response, start, total)

    def _check_whole(self, held: int, total: int | None) -> None:
        """Check a part file beyond whose end the server has no bytes: it is whole, or too long."""
        if held != total:
            self._start_over()
            raise _BrokenOff(f"the server has {total} bytes, the part file had {held}")
        self._check_size(total)

    def _check_size(self, total: int | None) -> None:
        if total is not None and self._size not in (None, total):
            raise DownloadError(
                f"a file of {total:,} bytes at {self.url}",
                f"the release's {self._size:,}",
                "use the release's own URL",
            )

    def _receive(self, response: http.client.HTTPResponse, start: int, total: int | None) -> None:
        done = start
        with self.part.open("r+b") as file:
            file.seek(start)
            try:
                for block in _blocks(response):
                    file.write(block)
                    done += len(block)
                    if self._progress:
                        self._progress("download", done, total)
            finally:
                file.flush()
                os.fsync(file.fileno())
        wanted = self._size if total is None else total
        if wanted is not None and done != wanted:
            if done > wanted:
                self._start_over()
            raise _BrokenOff("the connection closed early")

    def _read_notes(self) -> _Content:
        try:
            return _Content(**json.loads(self.notes.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):  # a power failure may cut it short
            return _Content(None, None)

    def _write_notes(self, content: _Content) -> None:
        self.notes.write_text(json.dumps(asdict(content)), encoding="utf-8")

    def _start_over(self) -> None:
        """Empty the part file; its notes go first, so that they never describe other bytes."""
        self.notes.unlink(missing_ok=True)
        os.truncate(self.part, 0)

    def _failure(self, reason: str, again: str) -> DownloadError:
        total = self._read_notes().total
        of = f" of {total:,}" if total else ""
        return DownloadError(
            f"{self.held:,} bytes{of} from {self.url}: {reason}",
            "the whole file",
            f"resume it with: {again} (the bytes are kept in {str(self.part)!r})",
        )


def _open(url: str, held: int, validator: str | None) -> http.client.HTTPResponse:
    """Request the file, or only what follows `held` bytes if it is still the same file."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "sensorium"}
    if held and validator:
        headers |= {"Range": f"bytes={held}-", "If-Range": validator}
    opener = request.OpenerDirector()  # the default one also opens ftp, file and data URLs
    for handler in (
        request.ProxyHandler,
        request.UnknownHandler,
        request.HTTPHandler,
        request.HTTPSHandler,
        request.HTTPDefaultErrorHandler,
        request.HTTPRedirectHandler,
        request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    try:
        response: http.client.HTTPResponse = opener.open(
            request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except HTTPError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOff(str(error) or type(error).__name__) from error
    return response


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while block := response.read(BLOCK):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOff(str(error) or type(error).__name__) from error


def _extent_of(response: http.client.HTTPResponse) -> tuple[int, int | None]:
    """Return the first byte of a response, and the size of the whole file."""
    length = response.headers.get("Content-Length", "")
    stated = int(length) if length.isdecimal() else None
    if response.status != PARTIAL_CONTENT:
        return 0, stated
    start, total = _range_of(response.headers)
    if start is None or total is None or stated not in (None, total - start):
        raise _BrokenOff("the server sent an unusable Content-Range")
    return start, total


def _range_of(headers: Message[Any, Any]) -> tuple[int | None, int | None]:
    """Return the first byte and the total of a Content-Range header, as far as it states them."""
    found = CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if found is None:
        return None, None
    return (int(found[1]) if found[1] else None), int(found[3])


def _validator(headers: Message[Any, Any]) -> str | None:
    """Return the value for If-Range: a strong ETag, else the date of the last change."""
    tag: str | None = headers.get("ETag")
    modified: str | None = headers.get("Last-Modified")
    return tag if tag and not tag.startswith("W/") else modified
