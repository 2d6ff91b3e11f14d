"""The version of a server: which it must have, and what older ones lack."""

from __future__ import annotations

import logging
import re

from sensorium.errors import StoreUnavailableError
from sensorium.qdrant.client.connection import Connection, RequestRefusedError

logger = logging.getLogger(__name__)

OLDEST = (1, 16)  # before it, a collection has no metadata
TEXT_QUERIES = (1, 20)  # before it, a server does not rank texts by their words
VERSION = re.compile(r"v?(\d+)\.(\d+)(\.|-|$)")

_told: set[str] = set()  # places of which this process has logged what they lack


def check_version(connection: Connection) -> None:
    """Ask a server for its version, once a connection, and log what it lacks, once a process.

    A server that does not tell it counts as the oldest.

    Raises:
        StoreUnavailableError: It cannot be reached, or is too old.
    """
    if connection.local or connection.version is not None:
        return
    try:
        text = connection.call(connection.client.info).version
    except RequestRefusedError:  # a proxy shows the collections alone
        return
    connection.version = read_version(text)
    if connection.version is None:
        return
    if connection.version < OLDEST:
        raise StoreUnavailableError(
            f"the Qdrant server {connection.place}, version {text}",
            f"version {shown(OLDEST)} or newer",
            "upgrade the server, one minor version after another",
        )
    if (lacking := lacks(connection.version)) and connection.place not in _told:
        _told.add(connection.place)
        logger.info("sensorium: %s is Qdrant %s: %s", connection.place, text, lacking)


def read_version(text: str) -> tuple[int, int] | None:
    """Read a version such as `"1.18.3"`; `None` for anything else."""
    found = VERSION.match(text)
    return (int(found[1]), int(found[2])) if found else None


def ranks_texts(connection: Connection) -> bool:
    """Return whether the server itself finds the texts that hold words, best first."""
    if connection.local:
        return True
    return connection.version is not None and connection.version >= TEXT_QUERIES


def lacks(version: tuple[int, int]) -> str:
    """Say what servers of a version do not do themselves; empty if there is nothing."""
    if version >= TEXT_QUERIES:
        return ""
    return (
        "keywords are ranked by this process, which reads the texts that hold them "
        f"(from {shown(TEXT_QUERIES)} on, the server does)"
    )


def shown(version: tuple[int, int]) -> str:
    """Write a version."""
    return ".".join(map(str, version))
