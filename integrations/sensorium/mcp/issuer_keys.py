"""The public keys of an issuer of tokens, which strangers cannot make this server fetch at will."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable

import anyio
import httpx2
import jwt

logger = logging.getLogger(__name__)

LIFETIME = 300.0  # seconds that keys are used before they are fetched again
PAUSE = 10.0  # seconds after a fetch in which there is no other
TIMEOUT = 10.0  # seconds that a fetch may take
MOST_BYTES = 1_000_000  # of the document with the keys


class IssuerKeys:
    """Fetches the keys when a token names one that is not here, or they are old.

    Anybody can send tokens that name any key, and the issuer may be down. So there is one fetch at
    a time, and none within `PAUSE` of the last: meanwhile tokens that need one are refused at once.
    Waiting takes no thread.
    """

    def __init__(self, address: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet.

        Args:
            address: Address of the JWKS document.
            clock: Tells the seconds since any moment.
        """
        self._address = address
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = -math.inf  # seconds of the clock
        self._turn = anyio.Lock()

    async def named(self, name: str) -> jwt.PyJWK | None:
        """Return the key of a name (`kid`); `None` if there is none, or it cannot be fetched."""
        if not self._has(name):
            async with self._turn:
                if not self._has(name) and self._clock() - self._tried >= PAUSE:
                    await self._fetch()
        return self._keys[name] if self._has(name) else None

    def _has(self, name: str) -> bool:
        return name in self._keys and self._clock() - self._fetched < LIFETIME

    async def _fetch(self) -> None:
        """Fetch the keys, or keep those that are here and tell the operator why."""
        try:
            with anyio.fail_after(TIMEOUT):
                document = json.loads(await self._document())
            keys = jwt.PyJWKSet.from_dict(document).keys
        except (httpx2.HTTPError, TimeoutError, ValueError, TypeError, AttributeError) as error:
            self._warn(repr(error))
        except (jwt.PyJWKSetError, jwt.PyJWKError) as error:
            self._warn(str(error))
        else:
            self._keys = {key.key_id: key for key in keys if key.key_id}
            self._fetched = self._clock()
        finally:
            self._tried = self._clock()

    async def _document(self) -> bytes:
        """Read the document. Redirections are not followed: they could lead anywhere."""
        read = bytearray()
        async with (
            httpx2.AsyncClient(timeout=TIMEOUT) as web,
            web.stream("GET", self._address) as answer,
        ):
            answer.raise_for_status()
            async for part in answer.aiter_bytes():
                read += part
                if len(read) > MOST_BYTES:
                    raise ValueError(f"more than {MOST_BYTES} bytes")
        return bytes(read)

    def _warn(self, why: str) -> None:
        logger.warning(
            "the keys of the issuer at %s cannot be read, tokens that need them are refused: %s",
            self._address,
            why,
        )
