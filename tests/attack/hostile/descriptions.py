"""Descriptions of nonsense, expired records after a reopening, folders that go away while open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.memory import Moment
from sensorium.percepts import Image
from tests.attack.children import run_apart
from tests.attack.hostile.links import PREPARED, with_memory
from tests.attack.task import Task
from tests.attack.tiny import opened, png, row, walk

PATIENCE = 30.0  # seconds
PAST = datetime(2024, 1, 1, tzinfo=timezone.utc)
NONSENSE: tuple[Any, ...] = (
    *(None, 5, -1, 1.5, 10**30, True, "x", "", "\x00", "../..", [], [1], [[]], {}, {"x": 1}),
    *([{"a": []}], {"model": 5}, ["text", "text"], {"model": "tiny", "weights": []}),
)
TEXTS = {
    "deep": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "null": b"null",
    "a list": b"[1]",
    "infinite": b'{"version":1e999}',
    "not a number": b'{"a":NaN}',
    "not UTF-8": b"\xff\xfe\x00",
    "empty": b"",
    "half": b'{"version": 1, "spa',
    "a huge number": b'{"version": ' + b"9" * 10_000 + b"}",
}
# Live, forgotten and expired records: with some numbers an estimate of the expired ones is nought.
CROWDS = ((20, 0, 5), (20, 5, 5), (100, 1, 1), (100, 10, 5), (300, 50, 20))


def describing(task: Task) -> None:
    """Put nonsense into sensorium.json: only errors of Sensorium's own come of it."""
    with_memory(task.home / PREPARED)
    right = json.loads((task.home / PREPARED / "sensorium.json").read_text(encoding="utf-8"))
    contents = list(_contents(right))
    for number in task.turns("descriptions"):
        name, content = contents[number % len(contents)]
        folder = task.home / "memory"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(task.home / PREPARED, folder)
        (folder / "sensorium.json").write_bytes(content)
        ending = run_apart(partial(_open, folder), patience=PATIENCE)
        if ending.kind:
            task.findings.report(ending.kind, number, f"sensorium.json {name}: {ending.told}")


def _contents(right: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    yield from TEXTS.items()
    for key in right:
        for wild in NONSENSE:
            yield f"{key} = {wild!r}", json.dumps({**right, key: wild}).encode()
        yield f"without {key}", json.dumps({k: v for k, v in right.items() if k != key}).encode()
    for key in right.get("space", {}):
        for wild in NONSENSE:
            space = {**right["space"], key: wild}
            yield f"space.{key} = {wild!r}", json.dumps({**right, "space": space}).encode()


def _open(folder: Path) -> None:
    opened(folder).close()


def expiring(task: Task) -> None:
    """Reopen memories with expired records: no read shows one, whatever was forgotten before."""
    for number in task.turns("reopenings"):
        folder = task.home / f"m{number}"
        crowd = CROWDS[number % len(CROWDS)]
        run_apart(partial(_fill, folder, *crowd))
        ending = run_apart(partial(_shown, folder))
        right = {"counted": crowd[0], "listed": 0, "recalled": 0, "tallied": 0}
        if ending.error or ending.kind:
            task.findings.report(ending.kind or "refused", number, ending.told)
        elif ending.value != right:
            task.findings.report("expired shown", number, f"{crowd}: {ending.value}")
        shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, live: int, forgotten: int, dead: int) -> None:
    with opened(folder) as memory:
        memory.remember_many([Moment(text=f"live {i}", id=f"l{i}") for i in range(live)])
        memory.remember_many([Moment(text=f"gone {i}", id=f"g{i}") for i in range(forgotten)])
        if forgotten:
            memory.forget(*[f"g{i}" for i in range(forgotten)])
        moments = [
            Moment(text=f"dead {i}", id=f"d{i}", tags=["dead"], expires_at=PAST)
            for i in range(dead)
        ]
        memory.remember_many(moments)


def _shown(folder: Path) -> dict[str, int]:
    with opened(folder) as memory:
        hits = memory.recall(row("dead"), limit=100)
        return {
            "counted": memory.count(),
            "listed": sum("dead" in record.tags for record in walk(memory)),
            "recalled": sum("dead" in hit.record.tags for hit in hits),
            "tallied": memory.tally("tags").get("dead", 0),
        }


def removing(task: Task) -> None:
    """Remove a folder while it is open: nothing is acknowledged that is not there."""
    for number in task.turns("removals"):
        folder, kind = task.home / f"m{number}", ("all", "moved", "media", "shard")[number % 4]
        ending = run_apart(partial(_after_removal, folder, kind), patience=PATIENCE)
        if ending.kind:
            task.findings.report(ending.kind, number, f"{kind} removed: {ending.told}")
        for kept in ending.value or ():
            task.findings.report("lost", number, f"{kind} removed: {kept} was acknowledged")
        for left in (folder, task.home / f"m{number}-elsewhere"):
            shutil.rmtree(left, ignore_errors=True)


def _after_removal(folder: Path, kind: str) -> list[str]:
    """Remove a folder or a part of it; return what is acknowledged and lost afterwards."""
    memory = opened(folder)
    memory.remember(Image(png("x")), text="x", id="x")
    if kind == "moved":
        folder.rename(folder.with_name(f"{folder.name}-elsewhere"))
    else:
        shutil.rmtree(folder if kind == "all" else folder / kind)
    acknowledged = []
    calls: dict[str, Callable[[], object]] = {
        "words": lambda: memory.remember(text="y", id="words"),
        "a picture": lambda: memory.remember(Image(png("z")), id="a picture"),
        "words again": lambda: memory.remember(text="w", id="words again"),
    }
    for name, act in calls.items():
        try:
            act()
            acknowledged.append(name)
        except SensoriumError:
            continue
    reads: tuple[Callable[[], object], ...] = (memory.count, memory.flush, memory.compact)
    for read in (lambda: memory.recall("x"), *reads):
        try:
            read()
        except SensoriumError:
            continue
    try:
        memory.close()
        place = folder if kind != "moved" else folder.with_name(f"{folder.name}-elsewhere")
        with opened(place) as again:
            return [name for name in acknowledged if not again.get_many([name])]
    except SensoriumError:
        return acknowledged
