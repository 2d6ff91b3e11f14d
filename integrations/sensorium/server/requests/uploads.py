"""Files and JSON of a request: files are written to disk as they arrive, and never held whole."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from sensorium.agents.limits import MOST_MEDIA
from sensorium.errors import (
    BodyTypeError,
    SourceTooLargeError,
    StoreFullError,
    ToolArgumentError,
)
from sensorium.memory.temporary_folders import TemporaryFolder, remove_abandoned
from sensorium.percepts.limits import MAX_BYTES, MIB
from sensorium.server.requests.held_bytes import HeldBytes, Holding

FILES = "media"  # name of the parts that are files
LONGEST_NAME = 200  # characters of a file's name that are kept
SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")
BATCH = MIB  # bytes that are written together
JSON, MULTIPART = "application/json", "multipart/form-data"


@dataclass(frozen=True)
class UploadLimits:
    """How much one request may bring.

    Attributes:
        file_bytes: Largest file.
        files: Largest number of files.
        json_bytes: Largest JSON, in which small files may stand as base64.
        spare_bytes: Room that stays free on the disk the files are written to.
        folder: Where files lie while they are read; the system's temporary folder by default.
    """

    file_bytes: int = MAX_BYTES
    files: int = MOST_MEDIA
    json_bytes: int = 16 * MIB
    spare_bytes: int = 256 * MIB
    folder: Path | None = None


@dataclass(frozen=True)
class UploadedFile:
    """A file that has arrived.

    Attributes:
        path: Where it lies; a name of ours, of which the client chose the suffix alone.
        name: The last part of the name the client gave it.
        mime: Type the client said; `None` if it said none.
        bytes: Its size.
        sha256: Digest of its content.
    """

    path: Path
    name: str
    mime: str | None
    bytes: int
    sha256: str

    @property
    def uri(self) -> str:
        """The name, as where it came from."""
        return quote(self.name)


@dataclass(frozen=True)
class Received:
    """The body of a request.

    Attributes:
        json: The JSON, or that of the part that is none of the files; empty if there is none.
        files: The files, in order.
        folder: Folder of the files.
    """

    json: bytes | bytearray
    files: tuple[UploadedFile, ...] = ()
    folder: Path | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of all of it: the same body gives the same."""
        whole = hashlib.sha256(self.json)
        for file in self.files:
            whole.update(f"\0{file.name}\0{file.mime}\0{file.sha256}".encode("utf-8", "replace"))
        return whole.hexdigest()

    def without_paths(self, text: str) -> str:
        """Return a message in which files have the names that the client gave them."""
        for file in self.files:
            text = text.replace(str(file.path), file.name)
        return text


@asynccontextmanager
async def received(
    request: Request, part: str, limits: UploadLimits, memory: HeldBytes
) -> AsyncIterator[Received]:
    """Receive the body of a request; its files are removed when the block ends.

    Args:
        request: The request.
        part: Name of the part of a form that is JSON.
        limits: How much it may bring.
        memory: Counts the JSON of all requests; files lie on the disk.
    Raises:
        BodyTypeError: It is neither JSON nor a form with files.
        SourceTooLargeError: It is larger than the limits.
        TooManyRequestsError: The requests of all clients hold too much JSON already.
        ToolArgumentError: The form is damaged, or has other parts.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind.decode("latin-1").lower() == JSON:
        with memory.one() as held:
            yield Received(await _json(request, limits, held))
        return
    if kind.decode("latin-1").lower() != MULTIPART or not options.get(b"boundary"):
        raise BodyTypeError(
            f"a body of type {request.headers.get('content-type', 'that is not said')!r:.100}",
            f"{JSON}, or {MULTIPART} with its boundary",
            "set Content-Type",
        )
    folder = await run_in_threadpool(_new_folder, limits)
    try:
        with memory.one() as held:
            form = _Form(options[b"boundary"], part, folder.path, limits, held)
            try:
                await _feed(form, request)
            finally:
                form.close()
            yield Received(form.json, tuple(form.files), folder.path)
    finally:
        await run_in_threadpool(folder.remove)


def _new_folder(limits: UploadLimits) -> TemporaryFolder:
    """Make a folder for the files of a request, and remove those that killed servers left."""
    remove_abandoned(limits.folder or Path(tempfile.gettempdir()))
    return TemporaryFolder(limits.folder, of="upload-")


async def _json(request: Request, limits: UploadLimits, held: Holding) -> bytearray:
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > limits.json_bytes:
            raise _too_large("JSON", limits.json_bytes, "send files as parts of a form")
        held.take(len(chunk))
        body += chunk
    return body


async def _feed(form: _Form, request: Request) -> None:
    """Give the form what arrives, a batch at a time, in a thread that may wait for the disk."""
    batch = bytearray()
    async for chunk in request.stream():
        batch += chunk
        if len(batch) >= BATCH:
            await run_in_threadpool(form.feed, bytes(batch))
            batch.clear()
    await run_in_threadpool(form.feed, bytes(batch))
    form.check_whole()


@dataclass
class _Part:
    """A part that is arriving."""

    name: str
    file_name: str | None
    mime: str | None
    path: Path | None = None
    stream: IO[bytes] | None = None
    bytes: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)


class _Form:
    """A form that is read as it arrives."""

    def __init__(
        self, boundary: bytes, part: str, folder: Path, limits: UploadLimits, held: Holding
    ) -> None:
        self.json = bytearray()
        self._held = held
        self.files: list[UploadedFile] = []
        self._named, self._folder, self._limits = part, folder, limits
        self._part: _Part | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._field, self._value = bytearray(), bytearray()
        self._ended = False
        self._has_json = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_field,
                    "on_header_value": self._on_value,
                    "on_header_end": self._on_header,
                    "on_headers_finished": self._begin,
                    "on_part_data": self._on_data,
                    "on_part_end": self._end,
                    "on_end": self._finish,
                },
            )
        except FormParserError as error:  # its boundary is too long
            raise _damaged(error) from error

    def feed(self, data: bytes) -> None:
        """Read what has arrived."""
        if shutil.disk_usage(self._folder).free < self._limits.spare_bytes + len(data):
            raise StoreFullError(
                "files for a disk of the server that is nearly full",
                "room on it",
                "send smaller files, or ask who runs the server to free some of it",
            )
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise _damaged(error) from error

    def check_whole(self) -> None:
        """Check that the end has arrived."""
        if not self._ended:
            raise ToolArgumentError(
                "a form that ends early", "all of it, with its last boundary", "send it again"
            )

    def close(self) -> None:
        """Close the file that is being written."""
        if self._part is not None and self._part.stream is not None:
            self._part.stream.close()

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]  # the parser bounds the headers

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers.append((bytes(self._field).lower(), bytes(self._value)))
        self._field.clear()
        self._value.clear()

    def _begin(self) -> None:
        headers = dict(self._headers)
        _, options = parse_options_header(headers.get(b"content-disposition", b""))
        name = options.get(b"name", b"").decode("utf-8", "replace")
        given = options.get(b"filename")
        mime = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
        file_name = None if given is None else _safe_name(given.decode("utf-8", "replace"))
        part = _Part(name, file_name, mime or None)
        if name == FILES:
            self._open(part)
        elif name != self._named or self._has_json:
            raise ToolArgumentError(
                f"a part {name!r:.60}" + (", twice" if name == self._named else ""),
                f"{FILES}, once for each file, and {self._named} once, as JSON",
                "name the parts like that",
            )
        else:
            self._has_json = True
        self._part = part

    def _open(self, part: _Part) -> None:
        if len(self.files) >= self._limits.files:
            raise _too_large("a form of more files", self._limits.files, "send some of them first")
        named = SUFFIX.fullmatch(Path(part.file_name or "").suffix)
        own = self._folder / str(len(self.files))  # nothing lies beside a file that readers look at
        own.mkdir()
        part.path = own / f"file{named[0].lower() if named else ''}"
        part.stream = part.path.open("xb")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        part, piece = self._part, memoryview(data)[start:end]
        assert part is not None
        part.bytes += len(piece)
        if part.stream is None:
            if part.bytes > self._limits.json_bytes:
                raise _too_large(self._named, self._limits.json_bytes, "send files as files")
            self._held.take(len(piece))
            self.json += piece
            return
        if part.bytes > self._limits.file_bytes:
            raise _too_large(f"a file {part.file_name!r}", self._limits.file_bytes, "send a part")
        part.digest.update(piece)
        part.stream.write(piece)

    def _end(self) -> None:
        part, self._part = self._part, None
        assert part is not None
        if part.stream is None or part.path is None:
            return
        part.stream.close()
        name = part.file_name or f"file {len(self.files) + 1}"
        digest = part.digest.hexdigest()
        self.files.append(UploadedFile(part.path, name, part.mime, part.bytes, digest))

    def _finish(self) -> None:
        self._ended = True


def _damaged(error: FormParserError) -> ToolArgumentError:
    return ToolArgumentError(
        f"a form that cannot be read ({error})",
        f"{MULTIPART} as RFC 7578 has it",
        "let a library write it, and leave its Content-Type as it is",
    )


def _safe_name(given: str) -> str:
    """Return the last part of a file's name, as no path and of a bearable length."""
    name = given.replace("\\", "/").rpartition("/")[2].strip()
    name = "".join(letter for letter in name if letter.isprintable())
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}{name[-90:]}"


def _too_large(what: str, most: int, remedy: str) -> SourceTooLargeError:
    return SourceTooLargeError(f"{what}, larger than may be", f"at most {most:,}", remedy)
