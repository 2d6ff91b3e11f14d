"""What an attack is told: for how long, with which seed, in which folder."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.attack.findings import Findings

SAVED_EVERY = 1.0  # seconds


@dataclass(frozen=True)
class Task:
    """One attack's share of a run.

    Attributes:
        home: An empty folder of its own, removed afterwards.
        findings: Where it notes what it does and finds.
        seconds: How long it may take.
        seed: Seed of all its dice.
        first: Number of the first round.
        rounds: How many rounds, at most; `None` for as many as there is time for.
    """

    home: Path
    findings: Findings
    seconds: float
    seed: int
    first: int = 0
    rounds: int | None = None

    def turns(self, what: str) -> Iterator[int]:
        """Yield numbers of rounds until the time is over, one at least, and count them."""
        until, saved = time.monotonic() + self.seconds, 0.0
        number = self.first
        while self.rounds is None or number < self.first + self.rounds:
            yield number
            number += 1
            self.findings.count(what)
            now = time.monotonic()
            if now > saved + SAVED_EVERY:
                self.findings.save()
                saved = now
            if now >= until:
                return

    def dice(self, number: int) -> random.Random:
        """Return the dice of a round, the same each time."""
        return random.Random(f"{self.seed}-{number}")


@dataclass(frozen=True)
class Attack:
    """An attack by its name.

    Attributes:
        name: Its name; several variants share one.
        run: What it does.
        share: Its share of the time, as a weight.
        variant: Which of several it is.
    """

    name: str
    run: Callable[[Task], None]
    share: float = 1.0
    variant: str = ""

    @property
    def label(self) -> str:
        """Name and variant."""
        return f"{self.name} {self.variant}".strip()
