"""Loss of power: a file system is shut down without a flush of its log, under a writer."""

from __future__ import annotations

import fcntl
import os
import random
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.percepts import Image
from tests.attack.children import Child, run_apart
from tests.attack.disks.mounts import mount_again, mounted, smallest, unmount, why_not
from tests.attack.task import Task
from tests.attack.tiny import opened, png, row, state, walk

SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2  # FS_IOC_GOINGDOWN of ext4 and xfs
SIZE = 400  # MiB
OWED = 2.5  # seconds after which a write without a flush must be on the disk
LIVES = (0.0, 0.0, 0.3, 1.0, 2.0, 3.0, 5.0)  # seconds from the opening to the cut
OPENING = 0.6  # seconds in which a cut falls into the opening itself
PATIENCE = 30.0  # seconds until a writer must have opened
Say = Callable[..., None]


def on_ext4(task: Task) -> None:
    """Cut the power of an ext4."""
    _attack(task, "ext4")


def on_writeback(task: Task) -> None:
    """Cut the power of an ext4 that writes its log before the data."""
    _attack(task, "ext4", "data=writeback")


def on_xfs(task: Task) -> None:
    """Cut the power of an xfs."""
    _attack(task, "xfs")


def _attack(task: Task, kind: str, options: str = "") -> None:
    reason = why_not(kind, task.home)
    if reason:
        task.findings.skipped = reason
        return
    for number in task.turns("cuts"):
        _cut(task, number, kind, options)


def _cut(task: Task, number: int, kind: str, options: str) -> None:
    dice, disk = task.dice(number), task.home / f"disk{number}"
    with mounted(kind, disk, mib=max(SIZE, smallest(kind)), options=options):
        image = disk.with_suffix(".img")
        seed, flushing = task.seed * 1000 + number, dice.random() < 0.6
        writer = Child(partial(write, disk / "memory", seed, flushing))
        history = _live(writer, dice)
        _shut_down(disk)
        cut = time.monotonic()
        history += writer.kill()
        unmount(disk)
        mount_again(image, disk)
        owed = what_is_owed(history, cut)
        ending = run_apart(partial(check, disk / "memory", owed))
    task.findings.count("owed records", len(owed))
    state_then = "was open" if any("opened" in words for words in history) else "was opening"
    if ending.kind:
        task.findings.report(ending.kind, number, f"{state_then}: {ending.told}")
    elif ending.error:
        task.findings.report("unopenable", number, f"{state_then}: {ending.error}")
    for lost in ending.value or ():
        task.findings.report("lost", number, lost)


def write(folder: Path, seed: int, flushing: bool, say: Say) -> None:
    """Remember and forget; say what is acknowledged, and what a flush covers."""
    dice, names = random.Random(seed), list[str]()
    memory = opened(folder)
    say(opened=True)
    for number in range(10**6):
        name = f"{seed}-{number}"
        if names and dice.random() < 0.2:
            gone = names.pop(dice.randrange(len(names)))
            say(unsure=gone)
            memory.forget(gone)
            say(name=gone, state=None, at=time.monotonic())
        else:
            percepts = [Image(png(name))] if dice.random() < 0.6 else []
            memory.remember(*percepts, text=f"words {name}", id=name)
            say(name=name, state=state(memory, name), at=time.monotonic())
            names.append(name)
        if flushing and dice.random() < 0.15:
            begun = time.monotonic()
            memory.flush()
            say(flushed=begun)
        time.sleep(0.01)


def _live(writer: Child, dice: random.Random) -> list[dict[str, Any]]:
    """Let a writer live for a while; return what it said."""
    history: list[dict[str, Any]] = []
    life = dice.choice(LIVES)
    until = time.monotonic() + (dice.random() * OPENING if life == 0 else PATIENCE)
    waiting = life > 0
    while (left := until - time.monotonic()) > 0:
        lines = writer.lines(left)
        if lines is None:
            break
        history += lines
        if waiting and any("opened" in words for words in lines):
            until, waiting = time.monotonic() + life, False
    return history


def _shut_down(disk: Path) -> None:
    descriptor = os.open(disk, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
    finally:
        os.close(descriptor)


def what_is_owed(history: list[dict[str, Any]], cut: float) -> dict[str, Any]:
    """The records whose state must be as it was said last, for a flush or the timer covers it."""
    flushed = max((words["flushed"] for words in history if "flushed" in words), default=0.0)
    until = max(cut - OWED, flushed)
    owed: dict[str, Any] = {}
    for words in history:
        if "unsure" in words:
            owed.pop(words["unsure"], None)
        elif "name" in words and words["at"] <= until:
            owed[words["name"]] = words["state"]
    return owed


def check(folder: Path, owed: dict[str, Any]) -> list[str]:
    """Open what is left, compare what is owed, and go on."""
    wrong = []
    with opened(folder) as memory:
        for name, expected in owed.items():
            try:
                there: object = state(memory, name)
            except SensoriumError as error:
                there = f"{type(error).__name__}: {error}"
            if there != expected:
                wrong.append(f"{name} is {there}, owed was {expected}")
        for record in walk(memory):
            record.to_dict()
        memory.remember(text="goes on", id="goes on")
        memory.recall(row("x"), limit=3)
    return wrong
