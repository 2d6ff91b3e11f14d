"""How much an agent may send, ask for and be shown."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.percepts.limits import MIB

KIB = 1024

HITS, MOST_HITS = 5, 50  # memories of one recall: by default, and at most
RECORDS, MOST_RECORDS = 20, 200  # memories of a page of the timeline: by default, and at most
MOST_MEDIA = 100  # signals of one call
UPLOAD_BYTES = 32 * MIB  # of one file sent as base64, decoded
LONGEST_TEXT = 2000  # characters of a record's text, tags or metadata in an answer


@dataclass(frozen=True)
class ServerLimits:
    """Sizes of what a server takes in and gives out.

    By default the pictures and sounds of an answer stay below 1 MiB as base64.

    Attributes:
        upload_bytes: Largest file sent as base64, decoded.
        preview_bytes: Largest picture or sound in an answer.
        preview_side: Largest width and height of a picture in an answer, in pixels.
        answer_bytes: Largest size of all pictures and sounds of an answer together.
        resource_bytes: Largest file read as a resource.
    """

    upload_bytes: int = UPLOAD_BYTES
    preview_bytes: int = 256 * KIB
    preview_side: int = 768
    answer_bytes: int = 700 * KIB
    resource_bytes: int = 16 * MIB
