"""What it costs: time, memory, disk."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sensorium.bench.data import absent
from sensorium.bench.figures import NOTHING, Figure
from sensorium.bench.pool import Pool, named
from sensorium.bench.report import Table
from sensorium.memory import Memory
from sensorium.percepts import Percept, Text

TIMED = 12  # items of a modality at most
NOTES = 1_000  # texts in the memory that is asked
ASKED = 60  # questions
MS, MB = 1e3, 1e6
BLOCK = 512  # bytes of a block, as stat counts them: files have holes
NOTE = (
    "Seconds an item: one at a time, median of at most 12, decoding included. Recall: of 60 "
    "questions in words to a folder of all items and 1,000 notes, encoding included. Exact scan: "
    "the same by encoding and one matrix product over all rows, without filters or calibration. "
    "Bytes a memory: on the disk, of the closed folder, media not kept; beside it, one float32 "
    "vector. RAM: highest of this process. Cold start: a new process that opens the encoder and "
    "encodes one text; only an encoder that is named can be opened so."
)
COLUMNS = ("what", "unit", "value", "exact scan")
COLD = (
    "import sys; from sensorium.encoders import load_encoder; from sensorium.percepts import Text; "
    "load_encoder(sys.argv[1]).embed([Text('a dog')])"
)


def cost(pool: Pool, name: str | None = None) -> Table:
    """Measure time, memory and disk."""
    rows: list[Sequence[str | Figure]] = []
    for modality in ("text", *pool.modalities):
        rows.append((f"encode {modality}", "s an item", _encoding(pool, modality), NOTHING))
    with tempfile.TemporaryDirectory() as folder:
        with Memory.open(folder, owner="bench", encoder=pool.encoder, keep_media=False) as memory:
            percepts = [pool.data.percept(item) for item in pool.items]
            memory.remember_many(percepts, sound=False).raise_first()
            notes = [Text(f"note {index}: {absent()[index % 20]}") for index in range(NOTES)]
            memory.remember_many(notes).raise_first()
            count = memory.count()
            questions = [named(kind) for kind in pool.kinds()] * ASKED
            asked = [_timed(lambda q=q: memory.recall(q)) for q in questions[:ASKED]]  # type: ignore[misc]  # a default binds it
        size = (
            sum(path.stat().st_blocks for path in Path(folder).rglob("*") if path.is_file()) * BLOCK
        )
    rows_of = np.concatenate([encoding.vectors for encoding in pool.encodings])
    rows_of = np.concatenate([rows_of, pool.encoder.embed(notes)])
    scanned = [
        _timed(lambda q=q: np.argsort(-(rows_of @ pool.encoder.embed([Text(q)])[0]))[:10])  # type: ignore[misc]  # the same
        for q in questions[:ASKED]
    ]
    for percent in (50, 95):
        found, plain = (float(np.percentile(each, percent)) * MS for each in (asked, scanned))
        rows.append((f"recall p{percent}", "ms", Figure(found), Figure(plain)))
    rows.append(("a memory", "bytes", Figure(size / count), Figure(4.0 * rows_of.shape[1])))
    rows.append(("RAM", "MB", _peak(), NOTHING))
    rows.append(("cold start", "s", _cold(name), NOTHING))
    return Table("cost", "Cost", NOTE, COLUMNS, rows)


def _encoding(pool: Pool, modality: str) -> Figure:
    opened: list[Percept] = [Text(item.caption) for item in pool.items[:TIMED]]
    if modality != "text":
        opened = [pool.data.percept(pool.items[p]) for p in pool.of_modality(modality)[:TIMED]]
    seconds = [_timed(lambda each=each: pool.encoder.embed([each])) for each in opened]  # type: ignore[misc]  # the same
    return Figure(float(np.median(seconds)), count=len(seconds))


def _peak() -> Figure:
    """Return the highest resident size of this process; nothing where no system call tells it."""
    try:
        import resource
    except ImportError:  # Windows
        return NOTHING
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, else kibibytes
    return Figure(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB)


def _cold(name: str | None) -> Figure:
    if name is None:
        return NOTHING
    return Figure(
        _timed(lambda: subprocess.run([sys.executable, "-c", COLD, name], check=True)), count=1
    )


def _timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
