"""The resources: records as JSON, and their media as files."""

from __future__ import annotations

import json

from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from sensorium.agents.limits import ServerLimits
from sensorium.errors import MediaNotFoundError
from sensorium.mcp.blocks import medium_uri
from sensorium.memory import Medium, Memory
from sensorium.percepts.files import file_from_percept

RECORD = "memory://{id}"
MEDIUM = "memory://{id}/media/{number}"


class File(bytes):
    """The content of a resource that knows its own type.

    Attributes:
        mime_type: Type of the content.
    """

    mime_type: str

    def __new__(cls, content: bytes, mime_type: str) -> File:
        """Hold the whole file."""
        file = super().__new__(cls, content)
        file.mime_type = mime_type
        return file


class MemoryResources:
    """The records and media of a memory that can be read by address."""

    def __init__(self, memory: Memory, limits: ServerLimits) -> None:
        """Read from one memory.

        Args:
            memory: The memory that is served.
            limits: Largest size of a file.
        """
        self._memory = memory
        self._limits = limits

    def record(self, id: str) -> str:
        """Read a memory as JSON, with its whole text and a list of its media."""
        record = self._memory.get(id)
        fields = record.to_dict()
        for number, medium in enumerate(fields["media"]):
            medium["resource"] = medium_uri(record, number) if medium["file"] else None
        return json.dumps(fields, ensure_ascii=False, indent=2)

    def medium(self, id: str, number: str) -> bytes:
        """Read a picture, sound or other signal of a memory, as the file that is kept."""
        record = self._memory.get(id)
        if not number.isdecimal() or int(number) >= len(record.media):
            raise ResourceNotFoundError(
                f"media {number!r} of memory {record.id}; needed a number below "
                f"{len(record.media)}; read {RECORD.format(id=record.id)} for its media"
            )
        return self._file(record.media[int(number)])

    def _file(self, medium: Medium) -> File:
        """Return a kept file.

        Raises:
            ResourceNotFoundError: The medium was not kept, or is not kept any more.
            ResourceError: The file is larger than the limit.
        """
        most = self._limits.resource_bytes
        if medium.bytes > most:
            raise ResourceError(
                f"a file of {medium.bytes} bytes; needed at most {most}; use recall, which shows "
                "a part of it"
            )
        try:
            kept = file_from_percept(self._memory.open_medium(medium))
        except MediaNotFoundError as error:
            raise ResourceNotFoundError(
                f"media of modality {medium.modality} that was not kept; needed media with a file; "
                "read the record for its media"
            ) from error
        return File(kept.source.read(), kept.mime)
