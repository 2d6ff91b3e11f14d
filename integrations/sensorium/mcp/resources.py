"""The resources: records as JSON, and their media as the files they are."""

from __future__ import annotations

import json

from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from sensorium.errors import MediaNotFoundError
from sensorium.mcp.answers import medium_uri
from sensorium.mcp.options import ServerLimits
from sensorium.memory import Medium, Memory
from sensorium.percepts.files import serialised

RECORD = "memory://{id}"
MEDIUM = "memory://{id}/media/{number}"


class File(bytes):
    """The content of a resource that knows its own type.

    Attributes:
        mime_type: Of the content.
    """

    mime_type: str

    def __new__(cls, content: bytes, mime_type: str) -> File:
        """Hold the whole file."""
        file = super().__new__(cls, content)
        file.mime_type = mime_type
        return file


class MemoryResources:
    """What of a memory can be read by address."""

    def __init__(self, memory: Memory, limits: ServerLimits) -> None:
        """Read from one memory, within limits."""
        self._memory = memory
        self._limits = limits

    def record(self, id: str) -> str:
        """Read a memory as JSON, all of its words and media listed."""
        record = self._memory.get(id)
        fields = record.to_dict()
        for number, medium in enumerate(fields["media"]):
            medium["resource"] = medium_uri(record, number) if medium["file"] else None
        return json.dumps(fields, ensure_ascii=False, indent=2)

    def medium(self, id: str, number: str) -> bytes:
        """Read a picture, sound or other signal of a memory, as the file it is kept as."""
        record = self._memory.get(id)
        if not number.isdecimal() or int(number) >= len(record.media):
            raise ResourceNotFoundError(
                f"media {number!r} of memory {record.id}; needed a number below "
                f"{len(record.media)}; read {RECORD.format(id=record.id)} for what there is"
            )
        return self._file(record.media[int(number)])

    def _file(self, medium: Medium) -> File:
        """Return a kept file.

        Raises:
            ResourceNotFoundError: It is not kept.
            ResourceError: It is larger than the limit.
        """
        most = self._limits.resource_bytes
        if medium.bytes > most:
            raise ResourceError(
                f"a file of {medium.bytes} bytes; needed at most {most}; use recall, which shows "
                "a part of it"
            )
        try:
            kept = serialised(self._memory.open_medium(medium))
        except MediaNotFoundError as error:
            raise ResourceNotFoundError(
                f"a {medium.modality} that was not kept; needed one that was; read the record "
                "for what there is"
            ) from error
        return File(kept.source.read(), kept.mime)
