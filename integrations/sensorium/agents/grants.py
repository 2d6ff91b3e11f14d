"""Who is let in by a server: tokens, kept as hashes, each with an owner and rights."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sensorium.errors import MemoryAccessError
from sensorium.qdrant.filters import check_owner

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

READ, WRITE, FORGET = "read", "write", "forget"
SHARE = "share"  # of a server: to let other owners read, which no agent may unless it is given
ADMIN = "admin"  # of a server: what concerns all owners, such as its metrics
RIGHTS = (READ, WRITE, FORGET, SHARE, ADMIN)
SHORTEST_TOKEN = 16  # characters
SHA256 = re.compile("[0-9a-f]{64}")
FIELDS = {"sha256", "owner", "rights", "name", "created"}
REMEDY = 'write [[tokens]] with sha256 = "...", owner = "..." and rights = ["read", "write"]'


def digest_of(token: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True)
class Grant:
    """What the holder of a token may do.

    Attributes:
        sha256: Digest of the token, in hexadecimal; the token itself is nowhere kept.
        owner: Owner whose memories it reaches.
        rights: Some of `"read"`, `"write"`, `"forget"`, `"share"` and `"admin"`.
        name: What people call the token, such as the device that has it.
        created: Time at which it was made; `None` if that is not known.
    """

    sha256: str
    owner: str
    rights: frozenset[str] = frozenset({READ})
    name: str = ""
    created: datetime | None = None

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
    name, created = table.get("name", ""), table.get("created")
    values = [table.get("sha256"), table.get("owner"), name, *(rights if is_list else [None])]
    is_time = isinstance(created, datetime | None) and not (created and created.tzinfo is None)
    if table.keys() - FIELDS or not all(isinstance(value, str) for value in values) or not is_time:
        raise MemoryAccessError(
            f"a token with {', '.join(sorted(table)) or 'nothing'}",
            "sha256, owner and rights; also name, and created as a time with its zone",
            REMEDY,
        )
    return Grant(table["sha256"], table["owner"], frozenset(rights), name, created)


class Tokens(Protocol):
    """Who is let in by a server."""

    def of(self, token: str) -> Grant | None:
        """Return what the holder of a token may do; `None` if it is not let in."""

    def has(self, grant: Grant) -> bool:
        """Return whether a grant is still one of those that are let in."""


class Grants:
    """The tokens that a server lets in."""

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

    def of(self, token: str) -> Grant | None:
        """Return what the holder of a token may do; `None` if it is not let in.

        The time this takes tells nothing: each digest is compared whole, whichever fits. A token of
        less than `SHORTEST_TOKEN` characters, which can be guessed, lets in nobody.
        """
        digest = digest_of(token)
        found = [grant for grant in self._grants if hmac.compare_digest(grant.sha256, digest)]
        return found[0] if found and len(token) >= SHORTEST_TOKEN else None

    def has(self, grant: Grant) -> bool:
        """Return whether a grant is one of those that are let in."""
        return grant in self._grants
