"""Who is filling a collection: a mark in its metadata, so that other processes leave it alone."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import platform
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from typing_extensions import Self

from sensorium.errors import SensoriumError
from sensorium.qdrant.points import from_iso, iso

logger = logging.getLogger(__name__)

BEAT = 20.0  # seconds between two signs of life
SILENCE = timedelta(minutes=5)  # without a sign of life: whoever made the claim has died
# What tells two machines, and two containers of one machine, apart
BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")

_held: set[str] = set()  # tokens of the claims that this process works under


@dataclass(frozen=True)
class Claim:
    """The right of one process to fill a collection, which ends when the process does.

    Attributes:
        token: A random name, which no other claim has.
        process: Id of the process.
        host: Name of its host, for people.
        machine: What the process ids of one machine, or of one container, have in common.
        since: Time at which it began, as ISO 8601 text.
        seen: Time of its last sign of life, as ISO 8601 text.
    """

    token: str
    process: int
    host: str
    machine: str
    since: str
    seen: str

    @classmethod
    def begin(cls) -> Self:
        """Make a claim of this process, alive until `end`."""
        now = iso(datetime.now(timezone.utc))
        claim = cls(secrets.token_hex(8), os.getpid(), platform.node(), _machine(), now, now)
        _held.add(claim.token)
        return claim

    def end(self) -> None:
        """Give the claim up; a second call does nothing."""
        _held.discard(self.token)

    @classmethod
    def from_dict(cls, fields: object) -> Claim | None:
        """Read what `to_dict` returned; `None` if it is nothing of the kind."""
        if not isinstance(fields, Mapping):
            return None
        known: dict[str, Any] = {key: fields.get(key) for key in cls.__dataclass_fields__}
        text = (known["token"], known["host"], known["machine"], known["since"], known["seen"])
        if not all(isinstance(each, str) for each in text) or not isinstance(known["process"], int):
            return None
        return Claim(**known)

    def to_dict(self) -> dict[str, Any]:
        """Return the claim as a JSON-ready dictionary."""
        return asdict(self)

    def renewed(self) -> Claim:
        """Return the claim with a sign of life of now."""
        return replace(self, seen=iso(datetime.now(timezone.utc)))

    @property
    def is_alive(self) -> bool:
        """Whether the process that made the claim may still be at work."""
        if self.machine == _machine():
            if self.process == os.getpid():
                return self.token in _held
            if not _is_running(self.process):
                return False
        try:
            seen = from_iso(self.seen)
        except ValueError:
            return False
        return datetime.now(timezone.utc) - seen < SILENCE

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, since {self.since}"


class Heartbeat:
    """A thread that gives signs of life while a long task runs."""

    def __init__(self, beat: Callable[[], None]) -> None:
        """Call `beat` every `BEAT` seconds until `stop`, or until it raises `RuntimeError`."""
        self._beat = beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensorium-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it; afterwards no beat is under way. A second call does nothing."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(BEAT):
            try:
                self._beat()
            except SensoriumError as error:  # the server may be back for the next
                logger.info("sensorium: no sign of life could be given: %s", error)
            except RuntimeError:  # the client was closed
                return


def _machine() -> str:
    parts = [platform.node()]
    with contextlib.suppress(OSError):  # not Linux: the name of the host must do
        parts += [BOOT.read_text().strip(), str(NAMESPACE.readlink())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _is_running(process: int) -> bool:
    if os.name == "nt":  # there the signal 0 is a Ctrl-C
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):  # another user's
        return True
    return True
