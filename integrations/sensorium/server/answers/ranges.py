"""Parts of a file that a client asks for: `Range` and its conditions, as RFC 9110 has them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Part(NamedTuple):
    """What is sent of a file.

    Attributes:
        status: 200 for all of it, 206 for a part, 416 if there is no such part.
        start: First byte.
        length: How many bytes.
    """

    status: int
    start: int
    length: int


def part_of(headers: Mapping[str, str], size: int, etag: str) -> Part:
    """Return what is sent of a file, which is all of it where several parts are asked for.

    Args:
        headers: Headers of the request.
        size: Bytes of the file.
        etag: Its tag, with the quotes.
    """
    whole = Part(200, 0, size)
    match = RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    condition = headers.get("if-range")
    if match is None or not (match[1] or match[2]) or condition not in (None, etag):
        return whole
    if not match[1]:  # the last bytes
        length = min(int(match[2]), size)
        return Part(206, size - length, length) if length else Part(416, 0, 0)
    start, end = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    if match[2] and int(match[2]) < start:
        return whole  # no range at all
    return Part(206, start, end - start + 1) if start < size else Part(416, 0, 0)


def is_known(headers: Mapping[str, str], etag: str) -> bool:
    """Return whether the client says that it has the file already."""
    tags = headers.get("if-none-match", "")
    return tags.strip() == "*" or etag in {
        tag.strip().removeprefix("W/") for tag in tags.split(",")
    }
