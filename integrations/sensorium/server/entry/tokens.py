"""The file of tokens: who is let in, by what, and to whose memories.

It is the file that `sensorium mcp --tokens` reads. It holds no token, only their SHA-256: a token
is 288 random bits, so that nothing slower is needed against guessing.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from sensorium.agents.grants import READ, Grant, Grants, digest_of, grants_of
from sensorium.encoders.forking import Lock
from sensorium.errors import MemoryAccessError, SensoriumError, StoreLockedError
from sensorium.qdrant.durability import write_whole
from sensorium.qdrant.edge.folder import TOKENS_LOCK
from sensorium.qdrant.file_locks import FileLock

logger = logging.getLogger(__name__)

PREFIX = "sns_"  # by which scanners of secrets know a token
BYTES = 36  # of chance in a token: 48 characters
PATIENCE = 10.0  # seconds to wait for another writer of the file
PAUSE = 0.02  # seconds between two looks
ID_LENGTH = 12  # hexadecimal digits of a digest that people are shown
HEADER = "# Tokens of Sensorium, as hashes. Change it with: sensorium token\n"
TABLE = re.compile(r"^(?=[ \t]*\[\[[ \t]*tokens[ \t]*\]\])", re.MULTILINE)
CREATABLE = 0o700  # mode of a folder that is made for the file


@dataclass(frozen=True)
class _Read:
    """What was read of the file, and by what one sees that it has changed since."""

    mark: tuple[int, int, int] | None
    grants: Grants | None


def id_of(grant: Grant) -> str:
    """Return what people call a token that has no name: the beginning of its digest."""
    return grant.sha256[:ID_LENGTH]


class TokenFile:
    """A file of tokens. What another process changes in it is seen by the next request."""

    def __init__(self, path: str | Path) -> None:
        """Use a file, which need not exist yet.

        Raises:
            MemoryAccessError: It exists and cannot be read.
        """
        self.path = Path(path).expanduser().absolute()
        self._lock = Lock()
        self._read = _Read(None, None)
        self.grants()

    def of(self, token: str) -> Grant | None:
        """Return what the holder of a token may do; `None` if it is not let in."""
        grants = self._now()
        return grants.of(token) if grants else None

    def has(self, grant: Grant) -> bool:
        """Return whether a token has not been revoked or changed."""
        grants = self._now()
        return grants is not None and grants.has(grant)

    def grants(self) -> list[Grant]:
        """Read the file.

        Raises:
            MemoryAccessError: It cannot be read.
        """
        if not self.path.exists():
            return []
        if all(
            not line.strip() or line.lstrip().startswith("#") for line in self._text().split("\n")
        ):
            return []
        found = grants_of(self.path)
        Grants(found)  # which sees two of one digest
        return found

    def add(self, owner: str, rights: Iterable[str] = (READ,), *, name: str = "") -> str:
        """Make a token, and return it: this is the only time that it can be read.

        Args:
            owner: Owner whose memories it reaches.
            rights: Some of `"read"`, `"write"`, `"forget"` and `"admin"`.
            name: What people call it, which no other token of the file has.
        Raises:
            MemoryAccessError: A right is unknown, the name is taken, or the file cannot be read.
            OwnerError: `owner` is not a name.
            StoreLockedError: Another process keeps the file locked.
        """
        token = PREFIX + secrets.token_urlsafe(BYTES)
        now = datetime.now(timezone.utc).replace(microsecond=0)
        grant = Grant(digest_of(token), owner, frozenset(rights), name, now)
        with self._changing():
            if name and name in {each.name for each in self.grants()}:
                raise MemoryAccessError(
                    f"the name {name!r}, which another token has",
                    "a name that is free",
                    f"choose another, or revoke that one first: sensorium token revoke {name}",
                )
            before = self._text() or HEADER
            self._write(f"{before.rstrip()}\n\n{_table(grant)}")
        return token

    def revoke(self, which: str) -> Grant:
        """Take back a token: whoever has it is refused from the next request on.

        Args:
            which: Its name, or the beginning of its digest, of 8 digits or more.
        Returns:
            What it allowed.
        Raises:
            MemoryAccessError: There is no such token, or more than one.
            StoreLockedError: Another process keeps the file locked.
        """
        with self._changing():
            grants = self.grants()
            found = [each for each in grants if which and _is_meant(each, which)]
            if len(found) != 1:
                raise MemoryAccessError(
                    f"{which!r}, which names {len(found) or 'no'} tokens",
                    "the name of one, or the first 8 or more digits of its id",
                    "see: sensorium token list",
                )
            left = [each for each in grants if each != found[0]]
            self._write(_without(self._text(), found[0], left))
        return found[0]

    def _now(self) -> Grants | None:
        """Return what the file says now; a file that cannot be read lets in nobody."""
        try:
            status = self.path.stat()
            mark = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            return None
        with self._lock:
            if self._read.mark != mark:
                try:
                    found = self.grants()
                    self._read = _Read(mark, Grants(found) if found else None)
                except (SensoriumError, OSError) as error:
                    logger.error("no token is let in: %s", error)
                    self._read = _Read(mark, None)
            return self._read.grants

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise MemoryAccessError(
                f"the tokens in {str(self.path)!r} ({error})", "a TOML file", "name another one"
            ) from error

    def _write(self, text: str) -> None:
        write_whole(self.path, text.encode("utf-8"), private=True)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep other processes from changing the file."""
        self.path.parent.mkdir(mode=CREATABLE, parents=True, exist_ok=True)
        lock = FileLock(self.path.with_name(TOKENS_LOCK))
        ends = time.monotonic() + PATIENCE
        while not lock.acquire():
            if time.monotonic() > ends:
                raise StoreLockedError(
                    f"{str(self.path)!r}, which another process changes",
                    "a file that nobody changes",
                    "try again; if it stays, end that process",
                )
            time.sleep(PAUSE)
        try:
            yield
        finally:
            lock.release()


def _is_meant(grant: Grant, which: str) -> bool:
    return grant.name == which or (len(which) >= 8 and grant.sha256.startswith(which.lower()))


def _without(text: str, grant: Grant, left: list[Grant]) -> str:
    """Take the table of a token out of a file, whose comments and other tables stay as they are."""
    parts = TABLE.split(text)
    kept = [part for part in parts if grant.sha256 not in part]
    if len(parts) - len(kept) == 1 and parts[0] == kept[0]:
        return "".join(kept)
    return HEADER + "".join(f"\n{_table(each)}" for each in left)


def _table(grant: Grant) -> str:
    """Write a token as a table of TOML."""
    lines = [
        "[[tokens]]",
        f'sha256 = "{grant.sha256}"',
        f"owner = {_string(grant.owner)}",
        f"rights = [{', '.join(map(_string, sorted(grant.rights)))}]",
    ]
    if grant.name:
        lines.append(f"name = {_string(grant.name)}")
    if grant.created:
        lines.append(f"created = {grant.created.isoformat()}")
    return "\n".join(lines) + "\n"


def _string(text: str) -> str:
    """Write a string of TOML, whose escapes are those of JSON; DEL has to be escaped, too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
