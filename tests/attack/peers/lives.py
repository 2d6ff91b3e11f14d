"""The life of one process among several on one folder: it writes until it is killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.memory import Memory
from sensorium.percepts import Image
from sensorium.qdrant import file_locks
from sensorium.qdrant.shared import access, connection, owner_locks
from tests.attack.kills.checking import compare, examine
from tests.attack.kills.ledger import Ledger, Say
from tests.attack.kills.mixed import Life
from tests.attack.tiny import opened, png, state

SHARED = 4  # records that all processes replace and forget
SEEN_AGAIN = 25  # records of a killed process at which its heir looks


@dataclass
class Lineage:
    """Processes of which each goes on with the records of the one before.

    Attributes:
        owner: Owner of the records.
        ledger: What they acknowledged.
        begun: For each record that all write, what may have been written into it.
    """

    owner: str
    ledger: Ledger = field(default_factory=Ledger)
    begun: dict[str, list[str]] = field(default_factory=dict)


class PeerLife(Life):
    """Does everything an agent does, and looks back."""

    def __init__(self, memory: Memory, ledger: Ledger, seed: int, say: Say) -> None:
        """Go on with the records in a ledger."""
        super().__init__(memory, [], seed, say)
        self.known = ledger.known

    def look_back(self, ledger: Ledger) -> None:
        """See whether the predecessor's records are as it acknowledged them."""
        for name in sorted(ledger.unsure):
            for record in self.memory.get_many([name]):
                self.complain(
                    [(kind, f"{name}: {told}") for kind, told in examine(self.memory, record)]
                )
            self.say(now={name: state(self.memory, name)})
        sure = [name for name in ledger.known if name not in ledger.unsure]
        few = self.dice.sample(sure, min(SEEN_AGAIN, len(sure)))
        part = Ledger()
        part.known = {name: ledger.known[name] for name in few}
        part.streams = dict(list(ledger.streams.items())[-3:])
        self.complain(compare(self.memory, part))
        self.names = [name for name in sure if ledger.known[name] is not None][-2 * SEEN_AGAIN :]

    def complain(self, wrong: list[tuple[str, str]]) -> None:
        """Tell what is wrong, if anything is."""
        if wrong:
            self.say(wrong=wrong)

    def step(self, number: int) -> None:
        """Do one thing."""
        if self.dice.random() < 0.15:
            self.contend(number)
        else:
            super().step(number)

    def contend(self, number: int) -> None:
        """Replace or forget a record that others replace and forget, too."""
        name, token = f"shared-{self.dice.randrange(SHARED)}", f"{self.seed}-{number}"
        if self.dice.random() < 0.2:
            self.memory.forget(name)
        else:
            self.say(begun={name: token})
            told: dict[str, Any] = {"tags": [token], "metadata": {"token": token}}
            self.memory.remember(Image(png(token)), text=token, id=name, **told)
        self.say()


def live(folder: Path, line: Lineage, seed: int, hasty: bool, say: Say) -> None:
    """Open a folder that others have open, and write until SIGTERM or SIGKILL.

    Args:
        folder: Folder of the memory.
        line: Whose records to go on with.
        seed: Seed of the dice.
        hasty: Whether to lose patience soon with a process that was stopped.
        say: Says a line.
    """
    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: ending.append(number))
    signal.signal(signal.SIGUSR1, partial(_write_stacks, folder))
    if hasty:
        lose_patience()
    timed = _timed(say)
    with opened(folder, owner=line.owner) as memory:
        timed(phase="opened")
        life = PeerLife(memory, line.ledger, seed, timed)
        life.look_back(line.ledger)
        number = 0
        while not ending:
            life.step(number)
            number += 1
        timed(phase="closing")
    timed(phase="closed")


def _write_stacks(folder: Path, *_: object) -> None:
    """Write where each thread is, the main one first."""
    frames = sys._current_frames()
    main = threading.main_thread().ident
    order = sorted(frames, key=lambda thread: thread != main)
    texts = ["".join(traceback.format_stack(frames[thread])[::-1]) for thread in order]
    stacks_of(folder, None).write_text("\n\n".join(texts))


def stacks_of(folder: Path, process: int | None) -> Path:
    """The file in which a process writes where it is, when it gets SIGUSR1."""
    return folder.parent / f"stacks-{process or os.getpid()}"


def lose_patience() -> None:
    """Wait seconds for a stopped process where it would be half a minute."""
    connection.CONNECTING = connection.PATIENCE = 1.5
    owner_locks.BEAT, owner_locks.PATIENCE = 0.5, 3.0
    file_locks.PATIENCE = 3.0
    access.PATIENCE = 5.0


def _timed(say: Say) -> Say:
    """Say with each line when, and how long after the one before."""
    last = [time.monotonic()]

    def timed(**words: Any) -> None:
        now = time.monotonic()
        say(**words, at=now, after=now - last[0])
        last[0] = now

    return timed
