"""Many owners behind one server: whose memories the client of a call reaches, and its rights."""

from __future__ import annotations

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier

from sensorium.agents.grants import FORGET, READ, WRITE, Tokens
from sensorium.errors import OwnerError

RIGHT_OF = {  # which right a tool takes
    **dict.fromkeys(("recall", "timeline", "episodes", "when", "count", "search", "fetch"), READ),
    **dict.fromkeys(("remember", "update"), WRITE),
    "forget": FORGET,
}


class GrantedTokens(TokenVerifier):
    """Lets in who holds one of several tokens, each with an owner and rights."""

    def __init__(self, grants: Tokens) -> None:
        """Let in who is granted something."""
        self._grants = grants

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the access of a client, by its owner and rights."""
        grant = self._grants.of(token)
        if grant is None:
            return None
        return AccessToken(
            token=token,
            client_id=grant.sha256,  # a session is its token's, not that of all of its owner
            subject=grant.owner,
            scopes=sorted(grant.rights),
        )


def rights_of_caller() -> frozenset[str]:
    """Return what the client of the call that is being answered may do."""
    caller = get_access_token()
    return frozenset(caller.scopes) if caller else frozenset()


def owner_of_caller() -> str:
    """Return whose memories the client of the call that is being answered reaches.

    Raises:
        OwnerError: The call came without a token that names an owner.
    """
    caller = get_access_token()
    if caller is None or not caller.subject:
        raise OwnerError("a call without a token", "one that names its owner", "send it")
    return caller.subject
