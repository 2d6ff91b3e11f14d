"""How a server of a memory answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sensorium.agents.limits import ServerLimits
from sensorium.errors import RequestError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServerOptions:
    """How a server of a memory answers.

    Attributes:
        read_only: Whether nothing may be changed, whatever the rights of a token.
        host: Address that the server listens at.
        public_url: Address by which clients reach it, such as `"https://memory.example.com"`; by
            default that of `host`.
        over_tls: Whether clients reach it over TLS, by itself or a proxy.
        behind_proxy: Whether requests come through a proxy, so that a local one may be anybody's.
        limits: Sizes of what the server takes in and gives out.
    """

    read_only: bool = False
    host: str = LOOPBACK
    public_url: str | None = None
    over_tls: bool = False
    behind_proxy: bool = False
    limits: ServerLimits = field(default_factory=ServerLimits)

    def __post_init__(self) -> None:
        if self.public_url is not None:
            object.__setattr__(self, "public_url", check_public_url(self.public_url))


def check_public_url(url: str) -> str:
    """Check that a text is the address of a whole host, and return it as an origin.

    Raises:
        RequestError: It is not.
    """
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        port = -1
    is_host = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not is_host or port == -1 or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise RequestError(
            f"the address {url!r}",
            "the scheme and the host by which clients reach the server, and its port if it has one",
            "write it like https://memory.example.com; it needs a host of its own, without a path",
        )
    return f"{parts.scheme}://{parts.netloc}".lower()
