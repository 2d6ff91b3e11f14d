"""Writing, recalling and reopening, as ratios against qdrant-client's local modes in one run.

    python benchmarks/memory.py                     # a quarter of an hour
    python benchmarks/memory.py --records 5000 --large 0   # a look

Each measurement has a process of its own, so that peaks of memory are its own, too. Vectors are
planted and looked up: encoding is left out. `QdrantClient` gets the same points, 256 a request,
through its own upsert; recalling is compared with the searches of the same modalities as one batch,
payloads included. Its figure without a filter is compared with Sensorium's for an owner who has 99
in 100 of the memories: there is no recall without an owner.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe
from measure import resident
from numpy.typing import NDArray
from stored import RARE, SENSES, Planted, Vectors, mixed, texts

from sensorium.memory import Memory, Moment
from sensorium.memory.moments import drafted
from sensorium.memory.payloads import points_of
from sensorium.qdrant import CollectionSchema, Point

HERE = Path(__file__).parent
BATCH = 256  # points a request
QUESTIONS = 30
LIMIT = 10
MANY, FEW = "rex", "max"  # owners: one of 99 in 100 memories, one of the hundredth
MS = 1e3
MIB = 2**20


def owners(count: int) -> list[str]:
    """Say whose each memory is."""
    return [FEW if number % RARE == 0 else MANY for number in range(count)]


def fill(folder: str, moments: Sequence[Moment], vectors: Vectors) -> float:
    """Write memories of two owners; return how many a second."""
    of = owners(len(moments))
    seconds = 0.0
    for owner in (MANY, FEW):
        mine = [moment for moment, whose in zip(moments, of, strict=True) if whose == owner]
        with Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False) as memory:
            start = time.perf_counter()
            memory.remember_many(mine)
            seconds += time.perf_counter() - start
    return len(moments) / seconds


def timed(run: Callable[[NDArray[np.float32]], object], questions: NDArray[np.float32]) -> float:
    """Return the median milliseconds of a question."""
    run(questions[0])
    seconds = []
    for question in questions:
        start = time.perf_counter()
        run(question)
        seconds.append(time.perf_counter() - start)
    return MS * statistics.median(seconds)


def recalls(folder: str, vectors: Vectors) -> dict[str, float]:
    """Time recalls over one sense and over six, for both owners."""
    found = {}
    questions = vectors.questions(QUESTIONS)
    for owner in (MANY, FEW):
        with Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False) as memory:
            for name, senses in (("one", ["image"]), ("six", SENSES)):
                search = {"limit": LIMIT, "modalities": list(senses)}
                found[f"{owner} {name}"] = timed(
                    lambda q, s=search: memory.recall(q, **s), questions
                )
    return found


def sensorium(count: int, *, senses: bool, compact: bool) -> dict[str, Any]:
    """Measure a memory in a folder: writing, recalling, compacting, reopening."""
    vectors = Vectors(count)
    with tempfile.TemporaryDirectory() as folder:
        moments = list((mixed if senses else texts)(count))
        result: dict[str, Any] = {"write": fill(folder, moments, vectors)}
        if not senses:
            return result
        del moments
        result["before"] = recalls(folder, vectors)
        if compact:
            with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
                start = time.perf_counter()
                memory.compact()
                result["compact s"] = time.perf_counter() - start
            result["after"] = recalls(folder, vectors)
        result["overhead ms"] = overhead(folder, vectors)
        start = time.perf_counter()
        with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
            result["reopen s"] = time.perf_counter() - start
            result["disk MiB"] = memory.stats()["store"]["bytes"] / MIB
        result["peak MiB"] = resident("VmHWM") / MIB - vectors.rows.nbytes / MIB
    return result


def overhead(folder: str, vectors: Vectors) -> float:
    """Return the milliseconds of a recall over six senses that are not the store's searches."""
    inside = 0.0
    with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
        search = memory.backend.search

        def counted(*arguments: Any) -> Any:
            nonlocal inside
            start = time.perf_counter()
            answer = search(*arguments)
            inside = time.perf_counter() - start
            return answer

        memory.backend.search = counted  # type: ignore[method-assign]  # to time it from within
        spent = []
        memory.recall(vectors.rows[0])
        for question in vectors.questions(QUESTIONS):
            start = time.perf_counter()
            memory.recall(question, limit=LIMIT)
            spent.append(time.perf_counter() - start - inside)
    return MS * statistics.median(spent)


def points(moments: Iterable[Moment], vectors: Vectors) -> list[Point]:
    """Make the points that Sensorium writes of the same memories."""
    encoder, now, made = Planted(vectors), datetime.now(timezone.utc), []
    for number, moment in enumerate(moments):
        owner = FEW if number % RARE == 0 else MANY
        draft = drafted(owner, moment, now=now)
        made += points_of(draft, encoder.encode(draft.percepts), {}, owner=owner, now=now)
    return made


def upserted(client: Any, made: Sequence[Point]) -> float:
    """Write points with a client; return how many a second."""
    from qdrant_client import models

    stills = {"image", "depth", "thermal"}
    start = time.perf_counter()
    for first in range(0, len(made), BATCH):
        batch = [
            models.PointStruct(
                id=point.id,
                payload=point.payload,
                vector={
                    name: rows[0].tolist() if name in stills else rows.tolist()
                    for name, rows in point.vectors.items()
                },
            )
            for point in made[first : first + BATCH]
        ]
        client.upsert("memory", batch)
    return len(made) / (time.perf_counter() - start)


def client(count: int, *, senses: bool) -> dict[str, Any]:
    """Measure `QdrantClient(":memory:")` with the same schema and the same points."""
    from qdrant_client import QdrantClient, models

    vectors = Vectors(count)
    made = points((mixed if senses else texts)(count), vectors)
    store = QdrantClient(":memory:")
    schema = CollectionSchema.for_space(Planted.space, modalities=SENSES)
    schema.create(store, "memory")
    result: dict[str, Any] = {"write": upserted(store, made)}
    if not senses:
        return result
    del made
    for owner in (None, FEW):
        match = models.MatchValue(value=owner) if owner else None
        rule = models.Filter(must=[models.FieldCondition(key="owner", match=match)])
        for name, names in (("one", ["image"]), ("six", SENSES)):

            def ask(question: NDArray[np.float32], names: Sequence[str] = names) -> object:
                flat = question.tolist()
                requests = [
                    models.QueryRequest(
                        query=flat if sense in {"image", "depth", "thermal"} else [flat],
                        using=sense,
                        limit=LIMIT,
                        filter=rule if owner else None,
                        with_payload=True,
                    )
                    for sense in names
                ]
                return store.query_batch_points("memory", requests)

            result[f"{owner or MANY} {name}"] = timed(ask, vectors.questions(5))
    result["peak MiB"] = resident("VmHWM") / MIB - vectors.rows.nbytes / MIB
    return result


def folder_client(count: int) -> dict[str, Any]:
    """Measure reopening with `QdrantClient(path=)`."""
    import warnings

    from qdrant_client import QdrantClient

    warnings.filterwarnings("ignore", message=".*Local mode is not recommended.*")
    vectors = Vectors(count)
    made = points(mixed(count), vectors)
    with tempfile.TemporaryDirectory() as folder:
        store = QdrantClient(path=folder)
        CollectionSchema.for_space(Planted.space, modalities=SENSES).create(store, "memory")
        rate = upserted(store, made)
        store.close()
        start = time.perf_counter()
        store = QdrantClient(path=folder)
        seconds = time.perf_counter() - start
        store.close()
    return {"write": rate, "reopen s": seconds}


def alone(run: Callable[..., dict[str, Any]], *arguments: Any, **named: Any) -> dict[str, Any]:
    """Run a measurement in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, *arguments, **named).result()


def table(count: int, large: int) -> list[tuple[str, str, str, str]]:
    """Measure everything; return rows: what, ours, theirs, ratio and target."""
    rows: list[tuple[str, str, str, str]] = []

    def compare(what: str, ours: float, theirs: float, unit: str, target: str) -> None:
        ratio = ours / theirs if unit == "/s" else theirs / ours
        shown = (f"{ours:,.4g} {unit}", f"{theirs:,.4g} {unit}", f"{ratio:,.1f}x ({target})")
        rows.append((what, *shown))
        print(*rows[-1], sep=" | ", flush=True)

    text, text_client = alone(sensorium, count, senses=False, compact=False), None
    text_client = alone(client, count, senses=False)
    compare(f"write {count:,} texts", text["write"], text_client["write"], "/s", "2.5x")
    ours = alone(sensorium, count, senses=True, compact=True)
    theirs = alone(client, count, senses=True)
    compare(f"write {count:,} of six senses", ours["write"], theirs["write"], "/s", "2.5x")
    for name in ("one", "six"):
        senses = f"{name} sense{'s' if name == 'six' else ''}"
        key = f"{FEW} {name}"
        compare(
            f"recall, owner of 1 in 100, {senses}", ours["before"][key], theirs[key], "ms", "300x"
        )
        key = f"{MANY} {name}"
        compare(
            f"recall, owner of 99 in 100, {senses}", ours["before"][key], theirs[key], "ms", "8x"
        )
        compare(f"the same after compact()", ours["after"][key], theirs[key], "ms", "40x")
    path = alone(folder_client, count)
    compare("reopen, against QdrantClient(path=)", ours["reopen s"], path["reopen s"], "s", "10x")
    rows.append(
        (
            "own share of a recall, six senses, 10 hits",
            f"{ours['overhead ms']:.2f} ms",
            "",
            "(3 ms)",
        )
    )
    rows.append(("compact()", f"{ours['compact s']:.0f} s", "", ""))
    rows.append(
        ("peak memory", f"{ours['peak MiB']:,.0f} MiB", f"{theirs['peak MiB']:,.0f} MiB", "")
    )
    rows.append(("on disk, compacted", f"{ours['disk MiB']:,.0f} MiB", "", ""))
    if large:
        more = alone(sensorium, large, senses=True, compact=True)
        six = more["after"][f"{MANY} six"] / ours["after"][f"{MANY} six"]
        rows.append(
            (
                f"recall of {large:,} over six senses, compacted",
                f"{more['after'][f'{MANY} six']:.1f} ms",
                "",
                f"{six:.1f}x of {count:,} (at most 3x)",
            )
        )
        rows.append((f"write {large:,} of six senses", f"{more['write']:,.0f} /s", "", ""))
        rows.append((f"compact() of {large:,}", f"{more['compact s']:.0f} s", "", ""))
        rows.append((f"peak memory, {large:,}", f"{more['peak MiB']:,.0f} MiB", "", ""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--large", type=int, default=200_000, help="0 leaves it out")
    parser.add_argument("--out", type=Path, help="write the table there, e.g. benchmarks/memory.md")
    arguments = parser.parse_args()
    rows = table(arguments.records, arguments.large)
    lines = ["| | Sensorium | QdrantClient, local | ratio (target) |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    facts = describe(torch.device("cpu"))
    text = "\n".join([*lines, "", *(f"{name}: {fact}  " for name, fact in facts.items()), ""])
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
