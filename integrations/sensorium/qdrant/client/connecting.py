"""Clients for the URLs of a server or of the nodes of a cluster.

An API key is read here and handed on. It is kept in no attribute and appears in no message.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from httpx import Limits
from qdrant_client import QdrantClient

from sensorium.errors import StoreUnavailableError, show
from sensorium.percepts.locations import without_credentials
from sensorium.qdrant.client.connection import TIMEOUT, Connection
from sensorium.qdrant.client.failures import KEY_VARIABLE
from sensorium.qdrant.client.node import MEMORY

GRPC_PORT = 6334
# A server that may compress its answers takes 40 ms longer for one of 85 kB
AS_THEY_ARE = {"Accept-Encoding": "identity"}
SHARE = 3  # of the time for a call, one request takes no more where there are other nodes to ask
KEPT = 20  # connections that stay open between requests; to this machine, the client's own are none


def connect(
    url: str | Sequence[str],
    *,
    api_key: str | None = None,
    prefer_grpc: bool = False,
    grpc_port: int | Sequence[int] = GRPC_PORT,
    timeout: float = TIMEOUT,
) -> Connection:
    """Make the clients; the server is not asked anything yet.

    Args:
        url: URL of the server, URLs of the nodes of one cluster, also as one text with commas
            between them, or `":memory:"`.
        api_key: Key of the server; by default that of the environment variable QDRANT_API_KEY.
        prefer_grpc: Whether to speak gRPC rather than REST.
        grpc_port: Port of gRPC; one for all nodes, or one for each.
        timeout: Seconds for which a call is tried.
    Raises:
        StoreUnavailableError: `url` is not a URL or holds credentials, the key cannot be sent, or
            a number is out of its range.
    """
    if url == MEMORY:
        return Connection(QdrantClient(MEMORY))
    urls = urls_of(url)
    seconds = _check_timeout(timeout if len(urls) == 1 else timeout / SHARE)
    key = _key(api_key)
    clients = [
        _client(each, key=key, grpc_port=port if prefer_grpc else None, seconds=seconds)
        for each, port in zip(urls, _ports(grpc_port, len(urls)), strict=True)
    ]
    return Connection(*clients, timeout=timeout)


def urls_of(place: str | Sequence[str]) -> list[str]:
    """Return the URLs of a place, each once.

    Raises:
        StoreUnavailableError: There is none, or one holds credentials.
    """
    texts = [place] if isinstance(place, str) else place
    urls = dict.fromkeys(url.strip() for text in texts for url in text.split(","))
    urls.pop("", None)
    if not urls:
        raise StoreUnavailableError(
            f"{show(place)} as the URLs of a server",
            "at least one",
            'write "http://localhost:6333"',
        )
    for url in urls:
        if without_credentials(url) != url:
            raise StoreUnavailableError(
                f"the URL {without_credentials(url)} with credentials in it",
                "a URL without them, which can be shown",
                f"set the environment variable {KEY_VARIABLE}, or pass api_key=",
            )
    return list(urls)


def _client(url: str, *, key: str | None, grpc_port: int | None, seconds: int) -> QdrantClient:
    try:
        return QdrantClient(
            url=url,
            api_key=key,
            prefer_grpc=grpc_port is not None,
            grpc_port=grpc_port or GRPC_PORT,
            timeout=seconds,
            limits=Limits(max_keepalive_connections=KEPT),
            headers=AS_THEY_ARE if grpc_port is None else None,  # gRPC compresses nothing by itself
            # The check asks from a thread of its own, and warns when the server is away
            check_compatibility=False,
        )
    except ValueError as error:
        raise StoreUnavailableError(
            f"{url!r} as the URL of a server ({error})",
            "one of http or https",
            'write "http://localhost:6333"',
        ) from error


def _key(given: str | None) -> str | None:
    key = (given or os.environ.get(KEY_VARIABLE) or "").strip() or None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise StoreUnavailableError(
            "an API key with characters that no header can hold",
            "printable ASCII",
            f"check {KEY_VARIABLE}",
        )
    return key


def _ports(given: int | Sequence[int], count: int) -> list[int]:
    ports = [given] * count if isinstance(given, int) else list(given)
    if len(ports) != count or not all(type(port) is int and 0 < port < 65536 for port in ports):
        raise StoreUnavailableError(
            f"grpc_port={show(given)} for {count} URLs",
            "the port of gRPC: one for all, or one for each URL",
            "write grpc_port=6334",
        )
    return ports


def _check_timeout(seconds: float) -> int:
    """Return the seconds for one request, which the client takes as a whole number."""
    numeric = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if not numeric or not 0 < seconds < math.inf:
        raise StoreUnavailableError(
            f"timeout={show(seconds)}", "seconds above 0", "write timeout=30, or leave it out"
        )
    return math.ceil(seconds)
