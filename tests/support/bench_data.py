"""Packages with data for a benchmark, as small as can be, and an encoder that knows the answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from sensorium.bench import Figure, Report
from sensorium.bench.data import LICENCES, MOTIONS, OURS, Data, items, translations
from sensorium.bench.pool import named
from sensorium.encoders import FunctionEncoder
from sensorium.percepts import Audio, Percept, Text
from sensorium.percepts.previews import preview


def unpack(folder: Path) -> Path:
    """Write every file that the benchmark lists, each with its package's metadata."""
    for number, item in enumerate(items()):
        if item.package == OURS:
            continue
        file = folder / item.file
        file.parent.mkdir(parents=True, exist_ok=True)
        if item.modality == "depth":
            np.savez(file, np.linspace(20, 60, 48 * 64, dtype=np.float32).reshape(48, 64))
        elif item.modality == "audio":
            hum = 0.3 * np.sin(np.arange(16_000) * (0.05 + number / 100))
            shown = preview(Audio(hum.astype(np.float32), rate=16_000))
            assert shown is not None
            file.write_bytes(shown.data)
        else:
            PIL.Image.new("RGB", (64, 48), (number * 7 % 256, 90, 120)).save(file)
    for name in {*LICENCES} - {OURS}:
        made = folder / f"{name.replace('-', '_')}-9.9.dist-info"
        made.mkdir()
        (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9\n")
    motions = folder / MOTIONS
    motions.parent.mkdir(parents=True)
    motions.write_text("@data\n" + "".join(_line(n, kind) for n, kind in enumerate(KINDS * 2)))
    return folder


KINDS = ("Standing", "Running", "Walking", "Badminton")


def _line(number: int, kind: str) -> str:
    seconds = np.arange(100) / 10
    shake = [KINDS.index(kind) * np.sin(seconds * (2 + axis + number / 9)) for axis in range(6)]
    return ":".join(",".join(f"{each:.4f}" for each in axis) for axis in shake) + f":{kind}\n"


DIMENSION = 64


class Oracle:
    """Knows the kind of each item by its content, and the words for it."""

    def __init__(self, data: Data) -> None:
        listed = [*items(), *data.motions()]
        self.kinds = {data.percept(item).digest: item.kind for item in listed}
        self.words = {item.caption: item.kind for item in listed}
        self.words |= {named(kind): kind for kind in set(self.kinds.values())}
        self.words |= {
            name: next(item.kind for item in items() if item.file == file)
            for names in translations().values()
            for file, name in names.items()
        }
        self.rows = {kind: place for place, kind in enumerate(sorted({*self.kinds.values()}))}

    def __call__(self, percepts: Sequence[Percept]) -> Any:
        rows = np.full((len(percepts), DIMENSION), 0.01)
        for row, percept in zip(rows, percepts, strict=True):
            words = isinstance(percept, Text)
            kind = self.words.get(percept.text) if words else self.kinds[percept.digest]  # type: ignore[attr-defined]  # a text has it
            row[self.rows[kind] if kind else DIMENSION - 1] = 1.0
        return rows

    def encoder(self, model: str = "oracle") -> FunctionEncoder:
        towers = dict.fromkeys(("text", "image", "audio", "thermal", "depth", "imu"), self)
        return FunctionEncoder(model, towers, dimension=DIMENSION)


def rows_of(report: Report, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table, by their columns."""
    table = next(table for table in report.tables if table.name == name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def value(cell: str | Figure) -> float:
    """Return the number of a cell."""
    assert isinstance(cell, Figure)
    assert cell.value is not None
    return cell.value
