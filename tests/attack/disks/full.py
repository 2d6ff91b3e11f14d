"""Full disks and limits of file size: refused with a word, nothing lost, no signal."""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import SensoriumError, StoreFullError
from sensorium.memory import Memory
from sensorium.percepts import Image
from tests.attack.children import run_apart
from tests.attack.disks.mounts import MIB, mounted, why_not
from tests.attack.task import Task
from tests.attack.tiny import opened, png, row, state

SIZE = 400  # MiB of the disk
FREE = (0, 1, 4, 17, 40, 63, 100, 120)  # MiB that are left
RECORDS = 30
BLOCK = 2**16  # bytes written at once to fill a disk
LIMITS = (1, 8, 40)  # MiB of the longest file that a process may write


def on_tmpfs(task: Task) -> None:
    """Fill a disk in memory."""
    _attack(task, "tmpfs")


def on_ext4(task: Task) -> None:
    """Fill a disk of ext4."""
    _attack(task, "ext4")


def _attack(task: Task, kind: str) -> None:
    reason = why_not(kind, task.home)
    if reason:
        task.findings.skipped = reason
        return
    whole = task.home / "whole"
    made = run_apart(partial(_begin, whole)).value
    cases = [(name, free) for name in JOBS for free in FREE]
    random.Random(task.seed).shuffle(cases)
    with mounted(kind, task.home / "disk", mib=SIZE) as disk:
        for number in task.turns("full disks"):
            name, free = cases[number % len(cases)]
            _prepare(disk, whole)
            ending = run_apart(partial(JOBS[name], disk, free, task.dice(number)))
            said = f"{name}, {free} MiB free"
            if ending.kind:
                task.findings.report(ending.kind, number, f"{said}: {ending.told}")
            elif ending.error:  # by another word than that the disk is full
                task.findings.report("refused", number, f"{said}: {ending.error}")
            _fill_up(disk, None)
            _look(task, number, said, disk / "memory", {**made, **(ending.value or {})})


def _prepare(disk: Path, whole: Path) -> None:
    """Put a copy of a memory on the empty disk, with the holes that its files have."""
    _fill_up(disk, None)
    for left in disk.iterdir():
        if left.is_dir() and left.name != "lost+found":
            shutil.rmtree(left)
    copy = ["cp", "-a", "--sparse=always", str(whole), str(disk / "memory")]
    subprocess.run(copy, check=True, capture_output=True)


def _look(task: Task, number: int, said: str, folder: Path, expected: dict[str, Any]) -> None:
    """Open the memory with room again, and compare."""
    after = run_apart(lambda: _states(folder))
    if after.error or after.kind:
        kind = after.kind or "unopenable"
        task.findings.report(kind, number, f"{said}, room again: {after.told}")
        return
    for name, one in expected.items():
        there = after.value.get(name)
        if one not in ("unsure", there):
            task.findings.report("lost", number, f"{said}: {name} is {there}, not {one}")


def _begin(folder: Path) -> dict[str, Any]:
    with opened(folder) as memory:
        for number in range(RECORDS):
            memory.remember(Image(png(f"{number}")), text=f"{number} " * 20, id=f"{number}")
    return _states(folder)


def _states(folder: Path) -> dict[str, Any]:
    with opened(folder) as memory:
        names = [record.id for record in memory.timeline(limit=10_000)]
        found = {name: state(memory, name) for name in names}
        memory.recall(row("x"), limit=3)
        return found


def _fill_up(disk: Path, free: int | None) -> None:
    """Leave so many MiB of a disk free; all of it where `free` is `None`."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    if free is None:
        return
    left = shutil.disk_usage(disk).free - free * MIB
    try:
        with filler.open("wb", buffering=0) as file:
            for _ in range(max(0, left) // BLOCK):
                file.write(b"x" * BLOCK)
    except OSError:  # full a little earlier than it said
        return


def _changed(memory: Memory, acts: dict[str, Callable[[], object]]) -> dict[str, Any]:
    """Do things to records; return their states, or that they are unsure where one was refused."""
    states: dict[str, Any] = {}
    for name, act in acts.items():
        try:
            act()
            states[name] = state(memory, name)
        except StoreFullError:
            states[name] = "unsure"
    return states


def _open(disk: Path, free: int, _: random.Random) -> dict[str, Any]:
    _fill_up(disk, free)
    try:
        with opened(disk / "memory") as memory:
            memory.count()
    except SensoriumError:
        pass
    return {}


def _open_new(disk: Path, free: int, _: random.Random) -> dict[str, Any]:
    _fill_up(disk, free)
    try:
        with opened(disk / "new") as memory:
            memory.remember(text="x")
    except SensoriumError:
        pass
    return {}


@contextmanager
def _using(disk: Path) -> Iterator[Memory]:
    """Open the memory of a disk; to close it may be refused on a full one."""
    memory = opened(disk / "memory")
    try:
        yield memory
    finally:
        with suppress(SensoriumError):
            memory.close()


def _remember(disk: Path, free: int, dice: random.Random) -> dict[str, Any]:
    with _using(disk) as memory:
        _fill_up(disk, free)
        noise = np.random.default_rng(dice.randrange(2**32))
        acts: dict[str, Callable[[], object]] = {}
        for number in range(20):
            pixels = noise.integers(0, 255, (600, 800, 3), np.uint8)
            name, picture = f"new{number}", Image(pixels)
            acts[name] = partial(memory.remember, picture, text=name, id=name)
        return _flushed(memory, acts)


def _flushed(memory: Memory, acts: dict[str, Callable[[], object]]) -> dict[str, Any]:
    """Change records, and flush, which may be refused: what was acknowledged stays all the same."""
    states = _changed(memory, acts)
    with suppress(SensoriumError):
        memory.recall(row("x"), limit=3)
        memory.flush()
    return states


def _update(disk: Path, free: int, _: random.Random) -> dict[str, Any]:
    with _using(disk) as memory:
        _fill_up(disk, free)
        large: dict[str, Any] = {
            "metadata": {"a": "x" * 300_000, "done": True},
            "tags": ["t" * 99],
        }
        names = [f"{number}" for number in range(RECORDS)]
        return _flushed(memory, {name: partial(memory.update, name, **large) for name in names})


def _forget(disk: Path, free: int, _: random.Random) -> dict[str, Any]:
    with _using(disk) as memory:
        _fill_up(disk, free)
        names = [f"{number}" for number in range(RECORDS // 2)]
        return _flushed(memory, {name: partial(memory.forget, name) for name in names})


def _fill_after(disk: Path, free: int, _: random.Random) -> dict[str, Any]:
    """Another program fills the disk between a write and its flush."""
    with _using(disk) as memory:
        acts: dict[str, Callable[[], object]] = {}
        for number in range(10):
            name = f"new{number}"
            acts[name] = partial(memory.remember, Image(png(name)), text=name, id=name)
            acts[f"{number}"] = partial(memory.update, f"{number}", tags=["t" * 99])
            acts[f"{number + 10}"] = partial(memory.forget, f"{number + 10}")
        states = _changed(memory, acts)
        _fill_up(disk, free)
        return {**states, **_flushed(memory, {})}


def _work(disk: Path, free: int, dice: random.Random) -> dict[str, Any]:
    """Larger work: what it makes may be refused, what is there must stay."""
    with _using(disk) as memory:
        _fill_up(disk, free)
        works: list[Callable[[], object]] = [
            *(memory.compact, memory.sweep, partial(memory.export, disk / "export")),
            partial(memory.promote, disk / "copy"),
        ]
        work = dice.choice(works)
        try:
            work()
        except SensoriumError:
            return {}
        return {}


JOBS: dict[str, Callable[[Path, int, random.Random], dict[str, Any]]] = {
    "open": _open,
    "open a new one": _open_new,
    "remember": _remember,
    "update": _update,
    "forget": _forget,
    "write, then fill": _fill_after,
    "compact, sweep, export or promote": _work,
}


def limiting(task: Task) -> None:
    """`ulimit -f`: no file may grow beyond some size."""
    for number in task.turns("limits"):
        mib, folder = LIMITS[number % len(LIMITS)], task.home / f"m{number}"
        begun = number % 2 == 0
        if begun:
            run_apart(partial(_begin, folder))
        ending = run_apart(partial(_limited, folder, mib))
        said = f"files of {mib} MiB at most, {'an old' if begun else 'a new'} memory"
        if ending.kind:
            task.findings.report(ending.kind, number, f"{said}: {ending.told}")
        after = run_apart(partial(_count, folder))
        if after.error or after.kind:
            task.findings.report(after.kind or "unopenable", number, f"{said}: {after.told}")
        elif begun and after.value < RECORDS:
            task.findings.report("lost", number, f"{said}: {after.value} of {RECORDS}")
        shutil.rmtree(folder, ignore_errors=True)


def _count(folder: Path) -> int:
    return len(_states(folder))


def _limited(folder: Path, mib: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (mib * MIB, mib * MIB))
    pixels = np.random.default_rng(0).integers(0, 255, (1000, 1000, 3), np.uint8)
    try:
        with opened(folder) as memory:
            memory.remember(Image(pixels), id="large")
            memory.update("large", metadata={"a": "x" * 10_000})
    except SensoriumError:
        return
