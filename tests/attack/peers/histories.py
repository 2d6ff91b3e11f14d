"""Histories of several processes on the same records, one of which may be killed."""

from __future__ import annotations

import math
import os
import random
import select
import shutil
import signal
import time
from dataclasses import asdict, astuple
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.qdrant.edge.folder import read_opener
from tests.attack.children import Child, run_apart
from tests.attack.kills.checking import Wrong
from tests.attack.kills.ledger import Say
from tests.attack.task import Task
from tests.attack.tiny import opened
from tests.attack.warming import warm_up
from tests.support.histories import VERBS, Call, played, told, wrong_records

CALLS = 25  # of each process
RECORDS = 2
PATIENCE = 30.0  # seconds for one history
RENEWED = 40  # histories of one folder


def attack(task: Task) -> None:
    """Have processes call at once, and look whether they could have called in turn."""
    warm_up(task.home)
    folder = task.home / "place" / "memory"
    for number in task.turns("histories"):
        if (number - task.first) % RENEWED == 0:
            shutil.rmtree(folder.parent, ignore_errors=True)
            folder.parent.mkdir()
        dice = task.dice(number)
        wrong, calls = _history(folder, number, dice)
        task.findings.count("calls", len(calls))
        for name, found in wrong_records(calls).items():
            wrong.append(("not in turn", f"{name}: {told(found)}"))
        for kind, detail in wrong:
            task.findings.report(kind, number, detail)


def _history(folder: Path, number: int, dice: random.Random) -> tuple[Wrong, list[Call]]:
    go = folder.parent / f"go{number}"
    plans = [
        [
            Call(
                process, dice.choice(VERBS), f"{number}-{dice.randrange(RECORDS)}", f"{process}.{n}"
            )
            for n in range(CALLS)
        ]
        for process in range(dice.randint(2, 4))
    ]
    children = [Child(partial(_play, folder, go, plan)) for plan in plans]
    wrong, calls = _watch(folder, go, children, dice)
    names = sorted({call.name for plan in plans for call in plan})
    last = [Call(len(plans), "get", name, "") for name in names]
    ending = run_apart(lambda: _look(folder, last))
    if ending.kind or ending.error:
        wrong.append((ending.kind or "refused", ending.told))
    return wrong, calls + [Call(*fields) for fields in ending.value or ()]


def _look(folder: Path, calls: list[Call]) -> list[Any]:
    with opened(folder) as memory:
        return [astuple(call) for call in list(played(memory, calls))[1::2]]


def _play(folder: Path, go: Path, plan: list[Call], say: Say) -> None:
    with opened(folder) as memory:
        say(ready=True)
        while not go.exists():
            time.sleep(0.0005)
        for call in played(memory, plan):
            ended = None if call.ended == math.inf else call.ended
            say(call={**asdict(call), "ended": ended})


def _watch(
    folder: Path, go: Path, children: list[Child], dice: random.Random
) -> tuple[Wrong, list[Call]]:
    """Hear what they call until all have ended; kill one of them, perhaps."""
    wrong: Wrong = []
    heard: list[list[Call]] = [[] for _ in children]
    alive, ready, ends = dict(enumerate(children)), 0, time.monotonic() + PATIENCE
    death = dice.randrange(2 * CALLS) if dice.random() < 0.6 else None
    while alive and time.monotonic() < ends:
        for child in select.select(list(alive.values()), [], [], 0.1)[0]:
            number = children.index(child)
            lines = child.lines(0)
            for words in lines if lines is not None else child.wait():
                ready += "ready" in words
                if "call" in words:
                    ended = words["call"]["ended"] or math.inf
                    heard[number].append(Call(**{**words["call"], "ended": ended}))
                if "error" in words:
                    wrong.append(("failed", words["error"]))
            if lines is None:
                del alive[number]
        if ready == len(children) and not go.exists():
            go.touch()
        if death is not None and sum(map(len, heard)) > 2 * death and alive:
            os.kill(_victim(folder, list(alive.values()), dice).pid, signal.SIGKILL)
            death = None
    for child in alive.values():
        wrong.append(("hung", f"a process after {PATIENCE} s"))
        child.kill()
    return wrong, [call for calls in heard for call in _answered(calls)]


def _victim(folder: Path, alive: list[Child], dice: random.Random) -> Child:
    holder = [child for child in alive if read_opener(folder).name == f"process {child.pid}"]
    return holder[0] if holder and dice.random() < 0.7 else dice.choice(alive)


def _answered(heard: list[Call]) -> list[Call]:
    """Each call once: as it was answered, or as it was made if it was not answered."""
    last = heard[-1:] if len(heard) % 2 else []
    return [*heard[1::2], *last]
