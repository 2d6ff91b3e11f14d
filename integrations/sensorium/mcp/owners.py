"""Many owners behind one server: whose memories a client reaches, and what it may do with them."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken, TokenVerifier

from sensorium.errors import MemoryAccessError, OwnerError
from sensorium.memory import Memory
from sensorium.qdrant.filters import check_owner

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

READ, WRITE, FORGET = "read", "write", "forget"
RIGHTS = (READ, WRITE, FORGET)
RIGHT_OF = {  # which right a tool takes
    **dict.fromkeys(("recall", "timeline", "count", "search", "fetch"), READ),
    **dict.fromkeys(("remember", "update"), WRITE),
    "forget": FORGET,
}
SHORTEST_TOKEN = 16  # characters
SHA256 = re.compile("[0-9a-f]{64}")
FIELDS = {"sha256", "owner", "rights"}
REMEDY = 'write [[tokens]] with sha256 = "...", owner = "..." and rights = ["read", "write"]'


@dataclass(frozen=True)
class Grant:
    """What the holder of a token may do.

    Attributes:
        sha256: Digest of the token, in hexadecimal; the token itself is nowhere kept.
        owner: Owner whose memories it reaches.
        rights: Some of `"read"`, `"write"` and `"forget"`.
    """

    sha256: str
    owner: str
    rights: frozenset[str] = frozenset({READ})

    def __post_init__(self) -> None:
        if not SHA256.fullmatch(self.sha256):
            raise MemoryAccessError(
                "a token that is not hashed",
                "its SHA-256 as 64 hexadecimal digits",
                "hash it: hashlib.sha256(token.encode()).hexdigest()",
            )
        if not self.rights or not self.rights <= set(RIGHTS):
            raise MemoryAccessError(
                f"the rights {sorted(self.rights)}", f"some of {', '.join(RIGHTS)}", REMEDY
            )
        check_owner(self.owner)


def grants_of(path: str | Path) -> list[Grant]:
    """Read the tokens of a TOML file: a table `[[tokens]]` for each.

    Raises:
        MemoryAccessError: The file cannot be read, or a table is wrong.
        OwnerError: An owner is not a name.
    """
    try:
        read = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MemoryAccessError(
            f"the tokens in {str(path)!r} ({error})", "a TOML file", REMEDY
        ) from error
    tables = read.pop("tokens", None)
    is_list = isinstance(tables, list) and all(isinstance(table, Mapping) for table in tables)
    if read or not is_list or not tables:
        raise MemoryAccessError(
            f"a file of tokens with {', '.join(read) or 'none'}", "[[tokens]] alone", REMEDY
        )
    return [_grant(table) for table in tables]


def _grant(table: Mapping[str, Any]) -> Grant:
    rights = table.get("rights", [READ])
    is_list = isinstance(rights, list)
    values = [table.get("sha256"), table.get("owner"), *(rights if is_list else [None])]
    if table.keys() - FIELDS or not all(isinstance(value, str) for value in values):
        raise MemoryAccessError(
            f"a token with {', '.join(sorted(table)) or 'nothing'}",
            "sha256, owner and rights",
            REMEDY,
        )
    return Grant(table["sha256"], table["owner"], frozenset(rights))


class GrantedTokens(TokenVerifier):
    """Lets in who holds one of several tokens, each with an owner and rights."""

    def __init__(self, grants: Iterable[Grant]) -> None:
        """Compare with the digests of the tokens.

        Raises:
            MemoryAccessError: No token, or two with one digest.
        """
        self._grants = list(grants)
        digests = {grant.sha256 for grant in self._grants}
        if not digests or len(digests) < len(self._grants):
            raise MemoryAccessError(
                f"{len(self._grants)} tokens, {len(digests)} of which differ",
                "at least one, each with a digest of its own",
                REMEDY,
            )

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the access of a client, by its owner and rights; every digest is compared."""
        digest = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        found = [grant for grant in self._grants if hmac.compare_digest(grant.sha256, digest)]
        if len(token) < SHORTEST_TOKEN or not found:
            return None
        [grant] = found
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


class OwnersMemory:
    """The memory of whoever calls: it has all that a `Memory` has, of the caller's owner."""

    def __init__(self, memory: Memory) -> None:
        """Open the memories of owners in the place of `memory`, when they first call."""
        self._place = memory
        self._opened: dict[str, Memory] = {}

    def __getattr__(self, name: str) -> Any:
        """Return what the memory of the caller's owner has."""
        return getattr(self._of_caller(), name)

    def _of_caller(self) -> Memory:
        caller = get_access_token()
        if caller is None or not caller.subject:
            raise OwnerError("a call without a token", "one that names its owner", "send it")
        memory = self._opened.get(caller.subject)
        if memory is None:
            memory = self._opened.setdefault(caller.subject, self._place.for_owner(caller.subject))
        return memory


def memory_of_caller(memory: Memory) -> Memory:
    """Return the memory of whoever calls, in the place of `memory`."""
    return cast(Memory, OwnersMemory(memory))
