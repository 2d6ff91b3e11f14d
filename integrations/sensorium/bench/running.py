"""Running the benchmark: which tables there are, what they need, and one report of them."""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from sensorium.bench.data import LICENCES, OURS, Data
from sensorium.bench.pool import Pool
from sensorium.bench.report import Report, Table
from sensorium.bench.tables.abstention import abstention
from sensorium.bench.tables.cost import cost
from sensorium.bench.tables.languages import languages
from sensorium.bench.tables.mixed import mixed
from sensorium.bench.tables.recall import recall
from sensorium.bench.tables.times import times
from sensorium.bench.tables.where import where
from sensorium.encoders import Encoder, load_encoder
from sensorium.errors import QueryError, UnsupportedModalityError, show

TABLES: dict[str, Callable[[Pool], Table]] = {
    "recall": recall,
    "mixed": mixed,
    "abstention": abstention,
    "times": times,
    "where": where,
    "languages": languages,
    "cost": cost,
}


def bench(
    encoder: str | Encoder,
    *,
    tables: Sequence[str] | None = None,
    data: Path | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Measure an encoder with the data that packages carry.

    Args:
        encoder: Its name, as `load_encoder` takes it, or the encoder.
        tables: Names among `TABLES`; all by default.
        data: Folder of unpacked packages, beside the installed ones.
        seed: Of all that is drawn.
        progress: Told the name of each table before it is measured.
    Returns:
        The report.
    Raises:
        QueryError: An unknown table.
        MissingExtraError: A package whose data is needed is not there; all of them are named.
        UnsupportedModalityError: The encoder has no text, or nothing beside it.
        UnknownEncoderError: No encoder has that name.
    """
    chosen = list(TABLES) if tables is None else list(dict.fromkeys(tables))
    unknown = [name for name in chosen if name not in TABLES]
    if unknown or not chosen:
        raise QueryError(
            f"the tables {show(tables)}", f"names among {', '.join(TABLES)}", "correct them"
        )
    found = Data(data)
    found.check(LICENCES)
    opened = load_encoder(encoder) if isinstance(encoder, str) else encoder
    began = time.perf_counter()
    pool = Pool.of(_checked(opened), found, seed)
    measured = []
    for name in chosen:
        if progress is not None:
            progress(name)
        table = TABLES[name]
        named = isinstance(encoder, str) and name == "cost"
        measured.append((partial(cost, name=str(encoder)) if named else table)(pool))
    facts = _facts(pool, seconds=time.perf_counter() - began)
    return Report(encoder if isinstance(encoder, str) else opened.space.model, facts, measured)


def _checked(encoder: Encoder) -> Encoder:
    if "text" not in encoder.modalities or len(encoder.modalities) < 2:
        raise UnsupportedModalityError(
            f"the encoder {encoder.space.model!r} of {', '.join(sorted(encoder.modalities))}",
            "an encoder of text and of another modality, as questions are asked in words",
            "measure an encoder of text alone with mteb, see docs/bench.md",
        )
    return encoder


def _load() -> str:
    if not hasattr(os, "getloadavg"):  # Windows
        return "unknown"
    return f"{os.getloadavg()[0]:.1f} processes ran or waited in the last minute"


def _facts(pool: Pool, *, seconds: float) -> dict[str, Any]:
    counts = [f"{len(pool.of_modality(each))} {each}" for each in pool.modalities]
    packages = [
        f"{name} {pool.data.version(name)}".strip() + f" ({LICENCES[name]})"
        for name in LICENCES
        if name == OURS or any(item.package == name for item in pool.items)
    ]
    seen = Counter(item.seen for item in pool.items)
    return {
        "space": pool.encoder.space.id,
        "seed": pool.seed,
        "items": ", ".join(counts),
        "seen by sensorium-mini": ", ".join(
            f"{seen[kind]} {kind}" for kind in ("learned", "chosen on")
        ),
        "data": packages,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}",
        "load": _load(),
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "seconds": round(seconds, 1),
    }
