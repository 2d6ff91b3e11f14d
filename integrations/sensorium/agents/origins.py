"""Who says what an adapter keeps, where its framework does not say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.memory.records import Origin

ADDRESSES = ("source", "url", "uri", "link", "source_url", "file_url")  # keys that readers set
WEB = ("http://", "https://")  # how an address on the web begins
ROLES: Mapping[str, Origin] = {  # of messages
    **dict.fromkeys(("user", "human"), "person"),
    **dict.fromkeys(("assistant", "ai", "model", "chatbot"), "model"),
    **dict.fromkeys(("tool", "function"), "tool"),
}


def origin_of_document(metadata: Mapping[str, Any] | None) -> Origin:
    """Return the origin of a document: the web if it names an address there, else a file.

    Args:
        metadata: What its reader says of it.
    """
    given = [str((metadata or {}).get(key, "")).strip().lower() for key in ADDRESSES]
    return "web" if any(address.startswith(WEB) for address in given) else "file"


def origin_of_role(role: str) -> Origin | None:
    """Return the origin of a message by the role of who says it; `None` for instructions."""
    return ROLES.get(role)
