"""How a server of a memory answers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sensorium.agents.limits import ServerLimits
from sensorium.errors import RequestError
from sensorium.server.requests.uploads import UploadLimits

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
        proxy_address: Addresses or networks of that proxy, with commas between them: only they may
            say for whom a request comes. By default this machine and private networks.
        limits: Sizes of what the server takes in and gives out.
        uploads: How much one request may bring, and where its files lie meanwhile.
    """

    read_only: bool = False
    host: str = LOOPBACK
    public_url: str | None = None
    over_tls: bool = False
    behind_proxy: bool = False
    proxy_address: str | None = None
    limits: ServerLimits = field(default_factory=ServerLimits)
    uploads: UploadLimits = field(default_factory=UploadLimits)

    def __post_init__(self) -> None:
        if self.public_url is not None:
            object.__setattr__(self, "public_url", check_public_url(self.public_url))
        if self.proxy_address is not None:
            check_proxy(self)


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


def check_proxy(options: ServerOptions) -> None:
    """Check the addresses of a proxy.

    Raises:
        RequestError: There is no proxy, or they are no addresses or networks.
    """
    given = options.proxy_address or ""
    if not options.behind_proxy:
        raise RequestError(
            f"the address {given!r} of a proxy, and no proxy",
            "a server behind a proxy",
            "add --behind-proxy URL, or leave --proxy-address out",
        )
    try:
        for each in given.split(","):
            ipaddress.ip_network(each.strip())
    except ValueError as error:
        raise RequestError(
            f"the address {given!r} of a proxy ({error})",
            "numbers of addresses or networks, such as 10.0.0.2 or 10.0.0.0/24",
            "write the address by which the proxy reaches this server",
        ) from error
