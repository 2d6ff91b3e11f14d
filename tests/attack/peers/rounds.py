"""Rounds in which one of several processes on a folder is killed, stopped or closed."""

from __future__ import annotations

import random
import shutil

from tests.attack.children import run_apart
from tests.attack.peers.checking import check_folder
from tests.attack.peers.crowd import LIMIT, Crowd
from tests.attack.task import Task
from tests.attack.warming import warm_up

LIVES = 25  # rounds of one folder
LINES = (0, 0, 1, 3, 10, 30)  # lines that are said before a death is near; one of these
SPAN = 0.05  # seconds, at most, from then to the death
HOLDER = 0.7  # how often it is the holder who dies, at least
HASTY = 8  # of so many folders, one is of processes that lose patience with a stopped one soon
LONG = LIMIT + 2.0  # seconds for which one is stopped there, beyond their patience


def attack(task: Task) -> None:
    """Kill processes until the time is over."""
    warm_up(task.home)
    crowd: Crowd | None = None
    for number in task.turns("rounds"):
        dice = task.dice(number)
        if crowd is None:
            crowd = _begin(task, dice, number)
        _round(task, crowd, dice)
        last = number % LIVES == LIVES - 1
        if crowd.wrong or last:
            _end(task, crowd, dice, number)
            crowd = None
    if crowd is not None:
        _end(task, crowd, dice, number)


def _begin(task: Task, dice: random.Random, number: int) -> Crowd:
    folder = task.home / "place" / "memory"
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.parent.mkdir()
    return Crowd(
        folder,
        dice.randint(2, 5),
        seed=task.seed * 100_000 + number * 20,
        hasty=(number // LIVES) % HASTY == HASTY - 1,
        apart=dice.random() < 0.3,
    )


def _round(task: Task, crowd: Crowd, dice: random.Random) -> None:
    before, wanted = crowd.said, dice.choice(LINES)
    crowd.watch(LIMIT, until=lambda: crowd.said >= before + wanted)
    crowd.watch(dice.random() * SPAN)
    way = dice.choices(("kill", "stop", "close"), (8, 1.5, 1))[0]
    if crowd.hasty and dice.random() < 0.15:
        crowd.stop(crowd.choose(dice, holder=HOLDER), LONG)
        task.findings.count("long stops")
    elif way == "stop":
        crowd.stop(crowd.choose(dice, holder=HOLDER), dice.choice((0.02, 0.1, 0.5)))
        task.findings.count("stops")
    elif way == "close":
        crowd.close(crowd.choose(dice, holder=1.0))
        task.findings.count("closes")
    victim = crowd.choose(dice, holder=HOLDER)
    task.findings.count("kills of the holder" if victim is crowd.holder() else "other kills")
    crowd.kill(victim)


def _end(task: Task, crowd: Crowd, dice: random.Random, number: int) -> None:
    crowd.watch(0.2)
    crowd.end(dice)
    ending = run_apart(lambda: check_folder(crowd.folder, crowd.lines))
    wrong = crowd.take_wrong() + [(kind, detail) for kind, detail in ending.value or ()]
    if ending.kind or ending.error:
        wrong.append((ending.kind or "refused", ending.told))
    for kind, detail in wrong:
        task.findings.report(kind, number, detail)
    task.findings.count("messages", crowd.said)
    if crowd.named:
        task.findings.count("errors that named who was stopped", crowd.named)
    longest = round(1000 * crowd.longest)
    task.findings.done["ms, the longest"] = max(longest, task.findings.done["ms, the longest"])
