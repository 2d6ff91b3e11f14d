"""Exports that were damaged, or that somebody else's program wrote, with the digests made right."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.percepts import Image
from tests.attack.fuzz.cases import Case, Maker, attack
from tests.attack.fuzz.damage import WILD, damaged, deep
from tests.attack.task import Task
from tests.attack.tiny import D, opened, png, row, rows, walk

KEYS = (
    *("part_of", "part", "parts", "rows", "windows", "hashes", "media", "expires_at", "until"),
    *("origin", "flags", "id", "tags", "metadata", "digest", "at", "modalities", "owner"),
)
NONSENSE: tuple[Any, ...] = (
    *(deep(50), {"audio": 10**9}, ["0" * 64 + ".png"], 10**12, "9999-12-31T23:59:59.999999Z"),
    *("0000-00-00T00:00:00.000000Z", [{"modality": "image", "digest": "0" * 64, "file": "../x"}]),
    *([{"modality": "image", "digest": "0" * 64, "row": 0, "rows": 1, "file": "../../x"}],),
)
PAYLOADS = (None, "", "[]", "{", "[" * 5000, '{"a": NaN}', '"x"', "5")
VECTORS: tuple[Any, ...] = (
    *(None, [[float("nan")] * D], [[1e38] * D], [[0.0] * D], [[1.0] * (D - 1)], [], [[]]),
)
NAMES = ("../x", "records-00001.parquet", "records-00001.parquet\n", "/etc/passwd", "", 5, None)
FIELDS: dict[str, tuple[Any, ...]] = {  # columns of a program that is not ours
    "id": ("a", "b", "c"),
    "payload": ("{}", '{"page_content": "x"}', "[]"),
    "owner": ("rex", "max", None),
    "text": ([[0.5] * D], [[0.5] * 3], None),
    "embedding": ([0.1] * D, None, []),
}


def attacking(task: Task) -> None:
    """Import until the time is over."""

    def start(folder: Path) -> Maker:
        _make_export(folder)
        memory = opened(folder / "memory")
        return lambda number: _case(task.dice(number), memory, folder)

    attack(task, start, what="imports")


def _make_export(folder: Path) -> None:
    with opened(folder / "origin") as origin:
        for number in range(6):
            name = f"e{number}"
            given: Any = {"id": name} if number % 2 else {}
            metadata = {"a": number, "done": True}
            origin.remember(Image(png(name)), text=name, tags=["t"], metadata=metadata, **given)
        origin.remember(text="long", id="long", vectors={"audio": rows("long", 2100)})
        origin.export(folder / "export")


def _case(dice: random.Random, memory: Memory, folder: Path) -> Case:
    bad = folder / "bad"
    shutil.rmtree(bad, ignore_errors=True)
    shutil.copytree(folder / "export", bad)
    way: Callable[[random.Random, Path], None] = dice.choice(WAYS)
    way(dice, bad)
    if way is not _damage_bytes or dice.random() < 0.7:
        make_digests_right(bad)
    return Case(f"import, {way.__name__.strip('_')}", lambda: _use(memory, bad))


def _use(memory: Memory, bad: Path) -> None:
    """Import, and read whatever was taken in."""
    memory.import_(bad)
    for record in walk(memory):
        memory.get(record.id).to_dict()
        with suppress(SensoriumError):
            memory.percepts(record)
    memory.recall(row("x"), limit=50)
    memory.forget(everything=True)


def _records(bad: Path) -> Path:
    return next(bad.glob("records-*.parquet"))


def make_digests_right(bad: Path) -> None:
    """Let the manifest agree with the files, where both can be read."""
    with suppress(OSError, ValueError, TypeError, LookupError, RecursionError, AttributeError):
        manifest = json.loads((bad / "manifest.json").read_text(encoding="utf-8"))
        for file in manifest["files"]:
            content = (bad / file["name"]).read_bytes()
            file["sha256"] = hashlib.sha256(content).hexdigest()
        (bad / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _damage_bytes(dice: random.Random, bad: Path) -> None:
    file = _records(bad)
    file.write_bytes(damaged(dice, file.read_bytes(), [file.read_bytes()]))


def _damage_manifest(dice: random.Random, bad: Path) -> None:
    file = bad / "manifest.json"
    file.write_bytes(damaged(dice, file.read_bytes(), [b"{}", b"[[[["]))


def _change_manifest(dice: random.Random, bad: Path) -> None:
    file = bad / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    inner = (manifest, manifest["schema"], manifest["files"][0], manifest["schema"]["space"])
    place = dice.choice(inner)
    simple = [one for one in WILD if isinstance(one, (int, float, str, list, dict, type(None)))]
    place[dice.choice([*place, "x"])] = dice.choice([*simple, *NAMES])
    with suppress(UnicodeError):
        file.write_text(json.dumps(manifest), encoding="utf-8")


def _rename(dice: random.Random, bad: Path) -> None:
    file = bad / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    _records(bad).rename(bad / "records-00001.parquet")
    manifest["files"][0]["name"] = dice.choice(NAMES)
    file.write_text(json.dumps(manifest), encoding="utf-8")


def _rewrite(bad: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    table = parquet.read_table(_records(bad))
    changed = table.to_pylist()
    change(changed)
    with suppress(pa.ArrowException, TypeError, ValueError, OverflowError):
        parquet.write_table(pa.Table.from_pylist(changed, schema=table.schema), _records(bad))


def _change_payloads(dice: random.Random, bad: Path) -> None:
    def change(table: list[dict[str, Any]]) -> None:
        for one in dice.sample(table, dice.choice([1, 2, 5])):
            payload = json.loads(one["payload"])
            key, wild = dice.choice([*payload, *KEYS]), dice.choice([*WILD, *NONSENSE])
            media = payload.get("media")
            if media and dice.random() < 0.5:
                media[0][dice.choice([*media[0], "duration", "at", "uri", "spans", "units"])] = wild
            elif dice.random() < 0.2:
                payload.pop(key, None)
            else:
                payload[key] = wild
            try:
                one["payload"] = json.dumps(payload)
            except (TypeError, ValueError):
                one["payload"] = dice.choice(PAYLOADS)

    _rewrite(bad, change)


def _change_columns(dice: random.Random, bad: Path) -> None:
    def change(table: list[dict[str, Any]]) -> None:
        one = dice.choice(table)
        column = dice.choice(list(one))
        words = (None, "", "x", "\0", "00000000-0000-0000-0000-000000000000", table[0]["id"])
        one[column] = dice.choice(VECTORS if isinstance(one[column], list) else words)

    _rewrite(bad, change)


def _drop_column(dice: random.Random, bad: Path) -> None:
    table = parquet.read_table(_records(bad))
    parquet.write_table(table.drop_columns([dice.choice(table.column_names)]), _records(bad))


def _change_types(dice: random.Random, bad: Path) -> None:
    table = parquet.read_table(_records(bad))
    name = dice.choice(table.column_names)
    other = dice.choice([pa.array(range(len(table))), pa.nulls(len(table))])
    column = table.column_names.index(name)
    parquet.write_table(table.set_column(column, name, other), _records(bad))


def _foreign(dice: random.Random, bad: Path) -> None:
    """A table of another program's."""
    columns = dice.sample(list(FIELDS), dice.randrange(1, len(FIELDS) + 1))
    count = dice.choice([0, 1, 3])
    with suppress(pa.ArrowException):
        made = {name: [dice.choice(FIELDS[name]) for _ in range(count)] for name in columns}
        parquet.write_table(pa.table(made), _records(bad))


def _damage_media(dice: random.Random, bad: Path) -> None:
    files = sorted(path for path in (bad / "media").rglob("*") if path.is_file())
    file, way = dice.choice(files), dice.randrange(5)
    if way == 0:
        file.write_bytes(damaged(dice, file.read_bytes(), [b"x"]))
        return
    file.unlink()
    if way == 1:
        file.symlink_to("/etc/hostname")
    elif way == 2:
        file.mkdir()
    elif way == 3:
        os.mkfifo(file)


WAYS = (
    *(_damage_bytes, _damage_manifest, _change_manifest, _change_manifest, _rename),
    *(_change_payloads, _change_payloads, _change_payloads, _change_columns, _drop_column),
    *(_change_types, _foreign, _damage_media),
)
