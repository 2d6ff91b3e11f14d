"""Clients that log in elsewhere: bearer tokens of an issuer that the operator names (JWT)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings
from pydantic import AnyHttpUrl

from sensorium.agents.grants import RIGHTS
from sensorium.errors import MemoryAccessError, OwnerError
from sensorium.mcp.issuer_keys import IssuerKeys
from sensorium.percepts.locations import is_loopback
from sensorium.qdrant.filters import check_owner

logger = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # with a public key; never none, never a secret
CLAIMS = ["exp", "iss", "aud", "sub"]  # a token must have them
LEEWAY = 30  # seconds that the clocks of both may differ
LONGEST_TOKEN = 16_384  # characters
SCOPE = "memory:"  # begins the scopes of the rights: memory:read, memory:write, memory:forget


@dataclass(frozen=True)
class Issuer:
    """Who issues the tokens of clients, and for what.

    The owner of a client is the token's `sub`, and its rights are the scopes `memory:read`,
    `memory:write` and `memory:forget`.

    Attributes:
        url: Address of the issuer, letter by letter as in the tokens' `iss`: many end in a slash.
        resource: Public address of this server, as in the tokens' `aud`.
        keys: Address of the issuer's public keys (JWKS); by default below `url`.
    """

    url: str
    resource: str
    keys: str | None = None

    def __post_init__(self) -> None:
        for name in ("url", "resource", "keys"):
            value = getattr(self, name)
            try:
                address = AnyHttpUrl(value or self.url)
                if address.scheme != "https" and not is_loopback(address.host or ""):
                    raise ValueError("others on the way could exchange the keys")
            except ValueError as error:
                raise MemoryAccessError(
                    f"{name}={value!r} of an issuer",
                    "an address with https",
                    "write https://example.com",
                ) from error

    def auth(self) -> AuthSettings:
        """Return what the server tells clients without a token: where to log in, and for what."""
        return AuthSettings(
            issuer_url=AnyHttpUrl(self.url),
            resource_server_url=AnyHttpUrl(self.resource),
            validate_token_resource=False,  # the verifier compares the audience
        )


class IssuedTokens(TokenVerifier):
    """Lets in who has a token of an issuer for this server."""

    def __init__(self, issuer: Issuer) -> None:
        """Verify with the keys of the issuer, which are fetched when the first token comes."""
        self._issuer = issuer
        self._keys = IssuerKeys(issuer.keys or f"{issuer.url.rstrip('/')}/.well-known/jwks.json")

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the access of a client; `None` for a token that is not valid here."""
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            name = jwt.get_unverified_header(token).get("kid")
            key = await self._keys.named(name) if isinstance(name, str) else None
            if key is None:
                return None
            claims = self._claims(token, key)
            owner = check_owner(claims["sub"])
        except (jwt.PyJWTError, OwnerError):
            return None
        rights = _rights(claims)
        client = claims.get("client_id") or claims.get("azp") or ""
        return AccessToken(
            token=token,
            client_id=" ".join([str(client), *rights]),  # a session has the rights it began with
            subject=owner,
            scopes=rights,
            expires_at=int(claims["exp"]) + LEEWAY,
            resource=self._issuer.resource,
            claims={"iss": claims["iss"]},
        )

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=ALGORITHMS,
                audience=self._issuer.resource,
                leeway=LEEWAY,
                options={"require": CLAIMS},
            )
        except TypeError as error:  # the key is of another kind than the algorithm that is named
            raise jwt.InvalidKeyError("a key of another algorithm") from error
        self._check_issuer(claims["iss"])
        return claims

    def _check_issuer(self, named: object) -> None:
        """Check that the issuer named itself by its whole address, as RFC 7519 compares `iss`.

        Raises:
            InvalidIssuerError: It did not. The operator is told if only a slash at the end differs.
        """
        url = self._issuer.url
        if named == url:
            return
        if isinstance(named, str) and named.rstrip("/") == url.rstrip("/"):
            logger.warning("tokens of %r are refused: the issuer was given as %r", named, url)
        raise jwt.InvalidIssuerError("another issuer")


def _rights(claims: dict[str, Any]) -> list[str]:
    """Return the rights among the scopes of a token, which are one text or a list."""
    scopes = claims.get("scope", claims.get("scp", ""))
    named = scopes.split() if isinstance(scopes, str) else [str(each) for each in scopes or ()]
    return sorted(right for right in RIGHTS if f"{SCOPE}{right}" in named)
