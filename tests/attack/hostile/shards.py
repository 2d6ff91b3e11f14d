"""Damaged files of a shard: an error of Sensorium's own or a memory that works, never a crash."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path
from typing import BinaryIO

from sensorium.errors import SensoriumError
from sensorium.percepts import Image
from tests.attack.children import run_apart
from tests.attack.task import Task
from tests.attack.tiny import opened, png, row, walk

RECORDS = 60
PATIENCE = 20.0  # seconds until an opening counts as hung
WAYS = ("flip", "flip", "zero", "cut", "random")


def attack(task: Task) -> None:
    """Damage one to three files of a copy, and use that."""
    whole = task.home / "whole"
    run_apart(lambda: _fill(whole))
    for number in task.turns("damaged shards"):
        dice, bad = task.dice(number), task.home / "bad"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(whole, bad)
        said = damage(dice, bad / "shard")
        ending = run_apart(partial(_use, bad), patience=PATIENCE)
        if ending.kind:
            task.findings.report(ending.kind, number, f"{said}: {ending.told}")
        elif ending.error:
            task.findings.count("refused with a word")
        else:
            task.findings.count(str(ending.value))


def _fill(folder: Path) -> None:
    with opened(folder) as memory:
        for number in range(RECORDS):
            name = f"{number}"
            memory.remember(Image(png(name)), text=f"words {name}", id=name, metadata={"n": number})


def damage(dice: random.Random, shard: Path) -> str:
    """Damage files, and say how."""
    files = sorted(path for path in shard.rglob("*") if path.is_file() and path.stat().st_size)
    said = []
    for path in dice.sample(files, dice.choice([1, 1, 3])):
        size, way = path.stat().st_size, dice.choice(WAYS)
        place = dice.randrange(min(size, dice.choice([64, 4096, size])))
        with path.open("r+b") as file:
            if way == "cut":
                file.truncate(place)
            else:
                _overwrite(dice, file, place, way)
        said.append(f"{way} {'/'.join(path.parts[-2:])}@{place}")
    return ", ".join(said)


def _overwrite(dice: random.Random, file: BinaryIO, place: int, way: str) -> None:
    file.seek(place)
    block = file.read(dice.choice([1, 8, 64]))
    flipped = bytes(byte ^ (1 << dice.randrange(8)) for byte in block)
    new = {"flip": flipped, "zero": bytes(len(block)), "random": dice.randbytes(len(block))}[way]
    file.seek(place)
    file.write(new)


def _use(folder: Path) -> str:
    """Open a damaged memory and read all of it; say how much there was."""
    with opened(folder) as memory:
        try:
            counted = memory.count()
            for record in walk(memory):
                record.to_dict()
            memory.recall(row("x"), limit=10)
            memory.remember(text="new", id="new")
            memory.get_many([f"{number}" for number in range(RECORDS)])
        except SensoriumError:
            return "refused with a word"
    return "opened, all counted" if counted == RECORDS else "opened, others counted"
