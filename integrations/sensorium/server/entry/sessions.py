"""Signed-in browsers: cookies in place of tokens, and links that sign in once."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sensorium.agents.grants import Grant, digest_of
from sensorium.encoders.forking import Lock
from sensorium.server.options import ServerOptions

COOKIE = "sensorium"
# The prefix with which a browser takes a cookie of this host itself alone, over TLS: RFC 6265bis,
# "Cookie Name Prefixes"
OVER_TLS = "__Host-"
BYTES = 32  # of chance in a cookie and in a link
LASTS = 7 * 24 * 3600.0  # seconds from the sign-in to the end of a session
LINK_LASTS = 600.0  # seconds in which a link can be used
MOST_SESSIONS = 100  # of a token at once; beyond, its own that are not used longest end


def cookie_name(options: ServerOptions) -> str:
    """Return the name of the cookie that a server sets."""
    return f"{OVER_TLS}{COOKIE}" if options.over_tls else COOKIE


@dataclass(frozen=True)
class _Session:
    grant: Grant
    ends: float  # seconds of the clock
    of_token: bool  # whether it ends with its token


class Sessions:
    """Who is signed in. It is kept in this process alone: a new start of the server ends them all.

    Only digests of cookies and keys are kept: the time that a look-up takes tells nothing of them.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure ends by a clock in seconds."""
        self._clock = clock
        self._of: OrderedDict[str, _Session] = OrderedDict()  # least recently used first
        self._links: OrderedDict[str, _Session] = OrderedDict()
        self._lock = Lock()

    def begin(self, grant: Grant, *, of_token: bool = True) -> str:
        """Sign somebody in.

        Args:
            grant: What the session may do.
            of_token: Whether it ends when its token is revoked; not if it has none.
        Returns:
            The value of the cookie.
        """
        return self._kept(self._of, grant, LASTS, of_token=of_token)

    def link(self, grant: Grant) -> str:
        """Make the key of a link that signs in once, within ten minutes."""
        return self._kept(self._links, grant, LINK_LASTS, of_token=False)

    def redeem(self, key: str) -> str | None:
        """Sign in by the key of a link: return the value of the cookie; `None` if it is over."""
        with self._lock:
            session = self._links.pop(digest_of(key), None)
        if session is None or session.ends <= self._clock():
            return None
        return self.begin(session.grant, of_token=session.of_token)

    def of(self, cookie: str) -> tuple[Grant, bool] | None:
        """Return what a session may do, and whether it ends with its token.

        Returns:
            `None` if the session is over, or was none.
        """
        digest = digest_of(cookie)
        with self._lock:
            session = self._of.get(digest)
            if session is None:
                return None
            if session.ends <= self._clock():
                del self._of[digest]
                return None
            self._of.move_to_end(digest)
            return session.grant, session.of_token

    def end(self, cookie: str) -> None:
        """Sign somebody out."""
        with self._lock:
            self._of.pop(digest_of(cookie), None)

    def _kept(
        self, sessions: OrderedDict[str, _Session], grant: Grant, lasts: float, *, of_token: bool
    ) -> str:
        secret = secrets.token_urlsafe(BYTES)
        with self._lock:
            _drop_spare(sessions, grant, self._clock())
            sessions[digest_of(secret)] = _Session(grant, self._clock() + lasts, of_token)
        return secret


def _drop_spare(sessions: OrderedDict[str, _Session], grant: Grant, now: float) -> None:
    """Make room for one more of a token: no other token loses a session that lasts."""
    for digest in [digest for digest, each in sessions.items() if each.ends <= now]:
        del sessions[digest]
    own = [digest for digest, each in sessions.items() if each.grant.sha256 == grant.sha256]
    for digest in own[: max(0, len(own) + 1 - MOST_SESSIONS)]:
        del sessions[digest]
