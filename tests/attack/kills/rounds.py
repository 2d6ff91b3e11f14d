"""Lives of writers that end by SIGKILL, and what is left of them."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.attack.children import Child, run_apart
from tests.attack.kills import jobs
from tests.attack.kills.checking import (
    Wrong,
    check_memory,
    check_new,
    check_promoted,
    check_purged,
    check_swept,
)
from tests.attack.kills.ledger import Ledger, Say
from tests.attack.kills.mixed import write_mixed
from tests.attack.task import Task
from tests.attack.tiny import opened
from tests.attack.warming import warm_up

LIFE = 30.0  # seconds a writer lives at most
LIVES = 25  # of one folder


@dataclass(frozen=True)
class Variant:
    """What a writer does, and what is looked at after its death.

    Attributes:
        write: Writes without an end, given a folder, a seed and what says a line.
        check: Compares a folder with what was acknowledged.
        lines: How many lines the writer says before its death is near; one of these.
        span: Seconds, at most, from then to its death.
        lives: How many writers one folder has.
        begun: Whether the folder is a memory before the first writer comes.
    """

    write: Callable[[Path, int, Say], None]
    check: Callable[[Path, Ledger], Wrong]
    lines: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 40)
    span: float = 0.05
    lives: int = LIVES
    begun: bool = True


def attack(task: Task, variant: Variant) -> None:
    """Kill writers until the time is over."""
    warm_up(task.home)
    place, ledger, lives = task.home / "place", Ledger(), 0
    for number in task.turns("rounds"):
        dice = task.dice(number)
        if lives == 0:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            ledger, lives = Ledger(), variant.lives
            if variant.begun:  # the first opening is a variant of its own
                run_apart(lambda: opened(place / "memory").close())
        wrong, lines = _round(place / "memory", variant, ledger, dice, task.seed * 100_000 + number)
        task.findings.count("messages", lines)
        for kind, detail in wrong:
            task.findings.report(kind, number, detail)
        ledger.settle()
        lives = 0 if wrong else lives - 1


def _round(
    folder: Path, variant: Variant, ledger: Ledger, dice: random.Random, seed: int
) -> tuple[Wrong, int]:
    """One life of a writer; return what is wrong after it, and how many lines it said."""
    wanted, span = dice.choice(variant.lines), dice.random() * variant.span
    writer = Child(lambda say: variant.write(folder, seed, say))
    said, until, near = 0, time.monotonic() + LIFE, False
    while (left := until - time.monotonic()) > 0:
        if not near and said >= wanted:
            until, near = min(until, time.monotonic() + span), True
            continue
        lines = writer.lines(left)
        if lines is None:
            break
        said += _note(ledger, lines)
    said += _note(ledger, writer.kill())
    wrong: Wrong = []
    if not _killed(writer.status) and variant.begun:
        wrong.append(("failed", f"the writer ended by itself: {ledger.told.get('error')}"))
    ending = run_apart(lambda: variant.check(folder, ledger))
    if ending.kind or ending.error:
        wrong.append(
            (ending.kind or "refused", f"after {ledger.phase or 'writing'}: {ending.told}")
        )
    wrong += [(kind, detail) for kind, detail in ending.value or ()]
    return wrong, said


def _killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _note(ledger: Ledger, lines: list[dict[str, object]]) -> int:
    for words in lines:
        if "error" in words:
            ledger.told["error"] = words["error"]
        ledger.note(words)
    return len(lines)


def beginning(task: Task) -> None:
    """Kill the very first opening of a folder."""
    warm_up(task.home)
    began = time.monotonic()
    Child(lambda say: jobs.write_new(task.home / "unharmed", 0, say)).wait()
    span = 1.1 * (time.monotonic() - began)  # a slow machine needs longer for it
    attack(task, Variant(jobs.write_new, check_new, lines=(0,), span=span, lives=1, begun=False))


def mixed(task: Task) -> None:
    """Kill a writer that does everything."""
    attack(task, Variant(write_mixed, check_memory))


def updating(task: Task) -> None:
    """Kill a writer that changes records."""
    attack(task, Variant(jobs.write_updates, check_memory, span=0.01))


def promoting(task: Task) -> None:
    """Kill a writer while it copies to another folder."""
    attack(task, Variant(jobs.write_promoting, check_promoted, lines=(3, 7, 11), span=0.4, lives=8))


def indexing(task: Task) -> None:
    """Kill a writer while it indexes."""
    attack(task, Variant(jobs.write_indexing, check_memory, lines=(3, 7), span=0.5, lives=8))


def reembedding(task: Task) -> None:
    """Kill a writer while it changes the encoder."""

    def check(folder: Path, ledger: Ledger) -> Wrong:
        return check_memory(folder, ledger, vectors=False)

    attack(task, Variant(jobs.write_reembedding, check, lines=(41, 45), span=0.5, lives=4))


def importing(task: Task) -> None:
    """Kill a writer while it imports."""
    attack(task, Variant(jobs.write_importing, check_memory, lines=(3, 9), span=0.5, lives=8))


def sweeping(task: Task) -> None:
    """Kill a writer while it sweeps."""
    attack(task, Variant(jobs.write_sweeping, check_swept, lines=(3, 7, 11), span=0.1))


def purging(task: Task) -> None:
    """Kill a writer while it purges."""
    attack(task, Variant(jobs.write_purging, check_purged, lines=(5, 5, 11), span=0.8, lives=12))
