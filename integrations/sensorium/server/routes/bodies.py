"""The body of a request: JSON, or a form with JSON in one part and files in others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sensorium import sources
from sensorium.agents.arguments import Signal
from sensorium.agents.limits import MOST_MEDIA
from sensorium.agents.signals import SignalReader
from sensorium.agents.wording import refusal, worded
from sensorium.errors import RequestError, SensoriumError, ToolArgumentError
from sensorium.percepts import Percept
from sensorium.percepts.readers import Reader, reader_of
from sensorium.percepts.recognising import guessed_suffixes
from sensorium.server.entry.access import access_of
from sensorium.server.requests.file_fields import FileFields, options_of_document
from sensorium.server.requests.filtering import invalid
from sensorium.server.requests.uploads import (
    FILES,
    JSON,
    MULTIPART,
    Received,
    UploadedFile,
    received,
)
from sensorium.server.state import state_of

About = TypeVar("About", bound=BaseModel)
ASK = "ask"  # part of a form that is JSON, in what asks and keeps nothing
UNSAID = frozenset({"application/octet-stream", "binary/octet-stream"})  # types that say nothing


def _without_path(schema: dict[str, Any]) -> None:
    schema.get("properties", {}).pop("path", None)


class SentSignal(Signal):
    """A picture, sound, video, depth map, thermal picture or motion: a file as base64, or samples.

    Large files are sent as parts of a form.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_path)

    @model_validator(mode="before")
    @classmethod
    def _check_no_path(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("path") is not None:
            raise refusal("the file itself", "send it as a part of a form, or as base64 in data")
        return value


Sent = Annotated[
    list[SentSignal] | None,
    Field(max_length=MOST_MEDIA, description="Samples, and small files as base64."),
]
Units = Annotated[
    list[FileFields | None] | None,
    Field(
        max_length=MOST_MEDIA,
        description='Of each file its modality and units, or null: [{"modality": "depth", "unit": '
        '"mm", "fx": 525}, null]; at and uri may stand beside them.',
    ),
]


class Body(Generic[About]):
    """A request's JSON, and its files as percepts.

    Attributes:
        about: The JSON.
        received: What arrived.
    """

    def __init__(self, about: About, body: Received, request: Request) -> None:
        """Read signals and files within the limits of the server."""
        self.about, self.received = about, body
        limits = access_of(request).options.limits
        self._sent = SignalReader(upload_bytes=limits.upload_bytes, limits=limits.media)
        self._media: Sequence[SentSignal] = getattr(about, "media", None) or ()
        self._units = _units_of(getattr(about, "units", None), len(body.files))
        roots = [] if body.folder is None else [body.folder]
        self._limits = limits.media
        self._uploaded = SignalReader(roots, limits=self._limits)

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return self.received.digest

    def check_text(self, text: str, name: str) -> None:
        """Check the length of a text.

        Raises:
            ToolArgumentError: It is too long.
        """
        self._sent.check_text(text, name)

    @cached_property
    def places(self) -> range:
        """Places of its signals: those of the JSON's `media` first, then the files."""
        return range(len(self._media) + len(self.received.files))

    def modality(self, place: int) -> str | None:
        """Return the modality of a file that was said, or that its name says."""
        index = place - len(self._media)
        return self._units[index].modality or _guessed(self.received.files[index].path)

    def name(self, place: int) -> str:
        """Name a signal in messages."""
        sent = len(self._media)
        if place < sent:
            return f"media[{place}]"
        return f"{FILES}[{place}], {self.received.files[place - sent].name!r}"

    def percept(self, place: int) -> Percept:
        """Make a percept of one of its signals.

        Raises:
            ToolArgumentError: It cannot be taken.
        """
        sent = len(self._media)
        if place < sent:
            return self.signal(self._media[place], self.name(place))
        return self.file(place - sent, self._units[place - sent], self.name(place))

    def is_document(self, place: int) -> bool:
        """Return whether a file is read as several percepts: a PDF, a chat, a page."""
        return self._document_reader(place) is not None

    def _document_reader(self, place: int) -> Reader | None:
        index = place - len(self._media)
        if index < 0:
            return None
        reader = reader_of(self.received.files[index].path, self.modality(place))
        return None if getattr(reader, "splits", False) else reader

    def percepts(self, place: int) -> Iterator[Percept]:
        """Make the percepts of one of its signals: one, or those of a document, in order.

        Raises:
            ToolArgumentError: It cannot be taken.
        """
        reader = self._document_reader(place)
        if reader is None:
            yield self.percept(place)
            return
        index = place - len(self._media)
        file, fields = self.received.files[index], self._units[index]
        uri = fields.uri or file.uri
        try:
            options = options_of_document(reader, file.path, fields, self._limits)
            for percept in sources.open(file.path, roots=[file.path.parent], **options):
                said = (percept.uri or "").replace(file.path.as_uri(), uri)
                yield percept.with_origin(uri=said or uri)
        except ValidationError as error:
            raise invalid(error, "body", f"units[{index}]") from error
        except SensoriumError as error:
            raise self._renamed(worded(error), self.name(place)) from error

    def signal(self, signal: SentSignal, name: str) -> Percept:
        """Make a percept of a signal in the JSON.

        Raises:
            ToolArgumentError: It cannot be taken.
        """
        return self._sent.read(signal, name)

    def file(self, index: int, fields: FileFields | None, name: str) -> Percept:
        """Make a percept of a file, from where it lies.

        Args:
            index: Index of the file.
            fields: What is known of it.
            name: Its name in messages.
        Raises:
            RequestError: There is no such file.
            ToolArgumentError: It cannot be taken.
        """
        if not 0 <= index < len(self.received.files):
            raise RequestError(
                f"{name}, of {len(self.received.files)} files",
                f"a file that was sent, as a part {FILES!r}",
                "count them from 0",
            )
        file = self.received.files[index]
        try:
            signal = Signal.model_validate(_fields(file, fields or FileFields()))
        except ValidationError as error:
            raise invalid(error, "body", name) from error
        try:
            return self._uploaded.read(signal, name)
        except ToolArgumentError as error:
            raise self._renamed(error) from error

    def _renamed(self, error: ToolArgumentError, name: str = "") -> ToolArgumentError:
        """Return an error in which files have the names that the client gave them."""
        parts = (f"{name}: {error.came}" if name else error.came, error.needed, error.remedy)
        return ToolArgumentError(*map(self.received.without_paths, parts))


def _fields(file: UploadedFile, fields: FileFields) -> dict[str, Any]:
    """Return the fields of a signal that is a file."""
    return {
        "path": str(file.path),
        "mime_type": None if file.mime in UNSAID else file.mime,
        "modality": fields.modality or _guessed(file.path),
        "units": fields.units or None,
        "at": fields.at,
        "uri": fields.uri or file.uri,
    }


def _guessed(path: Path) -> str | None:
    """Return what the command line, too, takes a file for by its name, where units are needed."""
    modality = guessed_suffixes().get(path.suffix)
    needs_units = modality is not None and bool(Percept.modalities[modality].needs)
    return modality if needs_units and reader_of(path) is None else None


def _units_of(given: Sequence[FileFields | None] | None, files: int) -> list[FileFields]:
    """Return the fields of each file.

    Raises:
        RequestError: There are fields of more files than were sent.
    """
    found = [each or FileFields() for each in given or ()]
    if len(found) > files:
        raise RequestError(
            f"units of {len(found)} files, of which {files} were sent",
            "one for each file, or null",
            f"send each file as a part {FILES!r}, or leave its units out",
        )
    return found + [FileFields()] * (files - len(found))


def body_of(model: type[About], part: str) -> Callable[[Request], AsyncIterator[Body[About]]]:
    """Make the dependency of endpoints that take such a body; it stands after who asks.

    The files of the body are removed when the answer has been sent.

    Args:
        model: What the JSON is.
        part: Name of the part of a form that is JSON.
    """

    async def body(request: Request) -> AsyncIterator[Body[About]]:
        state = state_of(request)
        async with received(request, part, state.uploads, state.held) as arrived:
            try:
                about = model.model_validate_json(arrived.json or b"{}")
            except ValidationError as error:
                raise invalid(error, "body") from error
            yield Body(about, arrived, request)

    return body


def described(model: type[BaseModel], part: str | None) -> dict[str, Any]:
    """Describe such a body to the OpenAPI.

    Args:
        model: What the JSON is.
        part: Name of the part of a form that is JSON; `None` if a form has files alone.
    """
    schema = model.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    parts: dict[str, Any] = {FILES: files, **({part: schema} if part else {})}
    form: dict[str, Any] = {
        "schema": {"type": "object", "properties": parts, "additionalProperties": False}
    }
    if part:
        form["encoding"] = {part: {"contentType": JSON}}
    content = {JSON: {"schema": schema}} if part else {}
    return {"requestBody": {"required": True, "content": {**content, MULTIPART: form}}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Return a schema with the parts that it names in their places: a page has no others."""
    if isinstance(schema, list):
        return [_inlined(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    named = schema.get("$ref")
    found = {**parts[named.rpartition("/")[2]], **schema} if isinstance(named, str) else schema
    return {name: _inlined(each, parts) for name, each in found.items() if name != "$ref"}
