"""Wrong tokens: who sends too many waits, so that nobody can guess for long."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from sensorium.encoders.forking import Lock
from sensorium.errors import TooManyRequestsError

MOST_FAILURES = 10  # of an address, before it has to wait
PERIOD = 60.0  # seconds for which failures count
MOST_ADDRESSES = 10_000  # that are remembered
MOST_KNOWN = 16  # tokens of an address that were right
NETWORK = 64  # bits of an IPv6 address that tell one client from another
UNKNOWN = "unknown"  # address of a client behind a Unix socket


@dataclass
class _Attempts:
    """What came from an address."""

    begun: float
    failures: int = 0
    known: OrderedDict[str, None] = field(default_factory=OrderedDict)


class Attempts:
    """The failures of addresses. A token that was right from an address stays welcome from there.

    So one program with an old token does not lock out the others of its machine.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Count by a clock in seconds."""
        self._clock = clock
        self._of: OrderedDict[str, _Attempts] = OrderedDict()  # least recently seen first
        self._lock = Lock()

    def check(self, address: str | None, digest: str) -> None:
        """Check that an address may try a token.

        Args:
            address: Address of the client.
            digest: Digest of the token.
        Raises:
            TooManyRequestsError: It has tried too many wrong ones.
        """
        with self._lock:
            attempts = self._at(address)
            if attempts.failures < MOST_FAILURES or digest in attempts.known:
                return
            seconds = attempts.begun + PERIOD - self._clock()
        raise TooManyRequestsError(
            f"more than {MOST_FAILURES} wrong tokens from this address",
            f"a pause of {seconds:.0f} seconds",
            "wait, and send a token of this server",
            seconds,
        )

    def failed(self, address: str | None) -> None:
        """Note a wrong token."""
        with self._lock:
            self._at(address).failures += 1

    def succeeded(self, address: str | None, digest: str) -> None:
        """Note a right token."""
        with self._lock:
            known = self._at(address).known
            known[digest] = None
            known.move_to_end(digest)
            if len(known) > MOST_KNOWN:
                known.popitem(last=False)

    def _at(self, address: str | None) -> _Attempts:
        name, now = _client(address), self._clock()
        attempts = self._of.setdefault(name, _Attempts(now))
        self._of.move_to_end(name)
        if now - attempts.begun >= PERIOD:
            attempts.begun, attempts.failures = now, 0
        if len(self._of) > MOST_ADDRESSES:
            self._of.popitem(last=False)
        return attempts


def _client(address: str | None) -> str:
    """Return what tells one client from another: all of IPv4, the network of IPv6."""
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or UNKNOWN
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, NETWORK), strict=False))
    return str(ip)
