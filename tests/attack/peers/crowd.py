"""Processes on one folder, watched: what they say, how long it takes, how they end."""

from __future__ import annotations

import contextlib
import os
import random
import re
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.qdrant.edge.folder import read_opener
from tests.attack.children import Child
from tests.attack.kills.checking import Wrong
from tests.attack.peers.lives import Lineage, live, stacks_of

LIMIT = 5.0  # seconds that a call may take while nobody is stopped
STEP = 0.1  # seconds between two looks at those that say nothing
OWNERS = ("rex", "max", "fido", "luna", "bella")


@dataclass
class Peer:
    """A process that lives now.

    Attributes:
        line: Whose records it writes.
        process: The process.
        heard: When it said something last.
    """

    line: Lineage
    process: Child
    heard: float = field(default_factory=time.monotonic)


class Crowd:
    """Some processes that have one folder open; one that ends has an heir.

    Attributes:
        peers: Those that live.
        lines: All lineages.
        wrong: What they found wrong, or was wrong with them, since `take_wrong`.
        said: How many lines they said.
    """

    def __init__(self, folder: Path, size: int, *, seed: int, hasty: bool, apart: bool) -> None:
        """Start processes.

        Args:
            folder: Folder of the memory, which the first of them begins.
            size: How many.
            seed: Of the first one's dice; each later one has the next.
            hasty: Whether they lose patience soon.
            apart: Whether each has an owner of its own.
        """
        self.folder, self.hasty = folder, hasty
        self.wrong: Wrong = []
        self.said, self.longest = 0, 0.0
        self.named = 0  # errors that named a process which was stopped
        self._seed = seed
        self._stops: list[tuple[float, float]] = []  # when somebody was stopped, and until when
        self._stopped: set[int] = set()
        self._was_stopped: set[int] = set()  # as long as an error may name them
        self.lines = [Lineage(OWNERS[number if apart else 0]) for number in range(size)]
        self.peers = [self._born(line) for line in self.lines]

    def _born(self, line: Lineage) -> Peer:
        self._seed += 1
        seed = self._seed
        return Peer(line, Child(lambda say: live(self.folder, line, seed, self.hasty, say)))

    def holder(self) -> Peer | None:
        """The process that holds the shard, as it says itself."""
        name = re.fullmatch(r"process (\d+)", read_opener(self.folder).name)
        found = [peer for peer in self.peers if name and peer.process.pid == int(name[1])]
        return found[0] if found else None

    def choose(self, dice: random.Random, *, holder: float) -> Peer:
        """Draw a process: the holder with a probability of so much at least."""
        there = self.holder() if dice.random() < holder else None
        return there or dice.choice(self.peers)

    def watch(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Hear what they say for some time, or until something is so."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not until():
            speaking = select.select([p.process for p in self.peers], [], [], min(left, STEP))[0]
            for peer in [peer for peer in self.peers if peer.process in speaking]:
                lines = peer.process.lines(0)
                if lines is None:
                    self._bury(peer)
                else:
                    self._hear(peer, lines)
            for peer in [peer for peer in self.peers if self._is_silent(peer)]:
                self.wrong.append(("hung", f"no word for {LIMIT} s; {self._stacks(peer)}"))
                self.kill(peer)

    def kill(self, peer: Peer) -> None:
        """End a process as if it had lost power; another goes on with its records."""
        os.kill(peer.process.pid, signal.SIGKILL)
        self._stopped.discard(peer.process.pid)
        self._hear(peer, peer.process.wait())
        self._look_at_end(peer)
        self._replace(peer)

    def close(self, peer: Peer) -> None:
        """Have a process close the memory and end; another goes on with its records."""
        os.kill(peer.process.pid, signal.SIGTERM)
        self.watch(3 * LIMIT, until=lambda: peer not in self.peers)

    def stop(self, peer: Peer, seconds: float) -> None:
        """Stop a process for a while, as a debugger does."""
        pid, began = peer.process.pid, time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        self._stopped.add(pid)
        self._was_stopped.add(pid)
        self._stops.append((began, began + seconds))
        self.watch(seconds)
        stuck = [p for p in self.peers if p is not peer and p.heard < began + 0.5]
        if self.hasty and seconds > LIMIT:
            self.wrong += [
                ("hung", f"no error while {pid} is stopped; {self._stacks(p)}") for p in stuck
            ]
        os.kill(pid, signal.SIGCONT)
        self._stopped.discard(pid)
        self._stops[-1] = (began, time.monotonic())
        peer.heard = time.monotonic()

    def end(self, dice: random.Random) -> None:
        """End all, in one way or another."""
        ways = dice.choice([(signal.SIGTERM,), (signal.SIGKILL,), (signal.SIGTERM, signal.SIGKILL)])
        for peer in self.peers:
            os.kill(peer.process.pid, dice.choice(ways))
        for peer in list(self.peers):
            self._hear(peer, peer.process.wait())
            self._look_at_end(peer)
        self.peers.clear()

    def take_wrong(self) -> Wrong:
        """Return what was found wrong since the last call."""
        wrong, self.wrong = self.wrong, []
        return wrong

    def _bury(self, peer: Peer) -> None:
        """Look at one that ended by itself."""
        self._hear(peer, peer.process.wait())
        self._look_at_end(peer)
        self._replace(peer)

    def _replace(self, peer: Peer) -> None:
        self.peers[self.peers.index(peer)] = self._born(peer.line)

    def _look_at_end(self, peer: Peer) -> None:
        error = peer.line.ledger.told.pop("error", None)
        if error is None:
            if os.WIFSIGNALED(peer.process.status) and os.WTERMSIG(peer.process.status) != 9:
                self.wrong.append(("crashed", f"signal {os.WTERMSIG(peer.process.status)}"))
            return
        if self.hasty and any(f"process {pid}" in error for pid in self._was_stopped):
            self.named += 1
            return
        there = [p.process.pid for p in self.peers]
        told = f"stopped: {sorted(self._was_stopped)}; there: {there}; ended: {peer.process.pid}"
        self.wrong.append(("failed", f"{error} ({told})"))

    def _hear(self, peer: Peer, lines: list[dict[str, Any]]) -> None:
        ledger = peer.line.ledger
        for words in lines:
            self.said += 1
            peer.heard = time.monotonic()
            ledger.note(words)
            if "error" in words:
                ledger.told["error"] = words["error"]
            for name, token in words.get("begun", {}).items():
                peer.line.begun.setdefault(name, []).append(token)
            self.wrong += [(kind, detail) for kind, detail in words.get("wrong", ())]
            at, after = words.get("at", 0.0), words.get("after", 0.0)
            spent = after - self._stopped_between(at - after, at)
            self.longest = max(self.longest, spent)
            if spent > LIMIT:
                self.wrong.append(("hung", f"{spent:.1f} s until {sorted(words)} {ledger.phase}"))

    def _is_silent(self, peer: Peer) -> bool:
        now = time.monotonic()
        if peer.process.pid in self._stopped:
            return False
        return now - peer.heard - self._stopped_between(peer.heard, now) > LIMIT

    def _stopped_between(self, begin: float, end: float) -> float:
        """Seconds within a time in which somebody was stopped."""
        return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in self._stops)

    def _stacks(self, peer: Peer) -> str:
        """Where all processes are, the one that is stuck first."""
        others = [other for other in self.peers if other is not peer]
        for each in (peer, *others):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.process.pid, signal.SIGUSR1)
        time.sleep(0.3)
        return "; ".join(
            map(partial(_frames, self.folder), (p.process.pid for p in (peer, *others)))
        )


def _frames(folder: Path, process: int) -> str:
    try:
        text = stacks_of(folder, process).read_text(errors="replace")
    except OSError:
        return f"{process}: ?"
    threads = text.split("\n\n")
    shown = [
        "<".join(f"{file.split('/')[-1]}:{line}" for file, line in FRAME.findall(thread)[:4])
        for thread in threads
    ]
    return f"{process}: " + " | ".join(shown)


FRAME = re.compile(r'File "([^"]+)", line (\d+)')
