"""What a server may take in and give out."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.percepts.limits import MIB

KIB = 1024


@dataclass(frozen=True)
class ServerLimits:
    """Sizes of what goes in and out; by default pictures and sounds stay below 1 MiB as base64.

    Attributes:
        upload_bytes: Of one file sent as base64, decoded.
        preview_bytes: Of one picture or sound in an answer.
        preview_side: Width and height of a picture in an answer, in pixels.
        answer_bytes: Of all pictures and sounds of an answer together.
        resource_bytes: Of a file read as a resource.
    """

    upload_bytes: int = 32 * MIB
    preview_bytes: int = 256 * KIB
    preview_side: int = 768
    answer_bytes: int = 700 * KIB
    resource_bytes: int = 16 * MIB
