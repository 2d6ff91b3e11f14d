"""How much an agent may send, ask for and be shown."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.percepts.limits import MAX_BYTES, MIB, Limits

KIB = 1024

HITS, MOST_HITS = 5, 50  # memories of one recall: by default, and at most
RECORDS, MOST_RECORDS = 20, 200  # memories of a page of the timeline: by default, and at most
MOST_MEDIA = 100  # signals of one call
UPLOAD_BYTES = 32 * MIB  # of one file sent as base64, decoded
LONGEST_TEXT = 2000  # characters of a record's text, tags or metadata in an answer
MEDIA_LIMITS = Limits(  # of what an agent sends, or names by path
    max_bytes=MAX_BYTES,
    max_pixels=64_000_000,
    max_memory=560 * MIB,
    max_seconds=4 * 3600.0,
    max_characters=200_000,
)


@dataclass(frozen=True)
class ServerLimits:
    """Sizes of what a server takes in and gives out.

    By default the pictures and sounds of an answer stay below 1 MiB as base64.

    Attributes:
        upload_bytes: Largest file sent as base64, decoded.
        media: Largest sizes of a text, and of what files and samples decode to.
        preview_bytes: Largest picture or sound in an answer.
        preview_side: Largest width and height of a picture in an answer, in pixels.
        answer_bytes: Largest size of all pictures and sounds of an answer together.
        resource_bytes: Largest file read as a resource.
    """

    upload_bytes: int = UPLOAD_BYTES
    media: Limits = MEDIA_LIMITS
    preview_bytes: int = 256 * KIB
    preview_side: int = 768
    answer_bytes: int = 700 * KIB
    resource_bytes: int = 16 * MIB
