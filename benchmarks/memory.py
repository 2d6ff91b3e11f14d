"""Writing, recalling and reopening, as ratios against qdrant-client's local modes in one run.

    python benchmarks/memory.py                     # a quarter of an hour
    python benchmarks/memory.py --records 5000 --large 0   # a minute, to try the script
    python benchmarks/memory.py --writes 3          # writing alone, both sides in turn, three times

Each measurement runs in a process of its own, so that its peak of memory is its own, too. Vectors
are planted and looked up, as encoding is not measured. `QdrantClient` gets the same points, 256 in
a request, through its own upsert. A recall is compared with a batch of searches of the same
modalities, payloads included. A recall always has an owner: the client's searches without a filter
are compared with recalls of an owner who has 99 in 100 records.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timezone
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_lines
from measure import resident
from numpy.typing import NDArray
from stored import MODALITIES, RARE, Planted, Vectors, mixed, pictures, texts

from sensorium.memory import Memory, Moment
from sensorium.memory.layout.points import points_of
from sensorium.memory.writing.draft import draft_moment
from sensorium.percepts.percept import is_still
from sensorium.qdrant import CollectionSchema, Point
from sensorium.qdrant.payload_form import shortened

HERE = Path(__file__).parent
BATCH = 256  # points in a request
QUESTIONS, CLIENT_QUESTIONS = 30, 5  # fewer for the client, which takes seconds for each
LIMIT = 10
MANY, FEW = "rex", "max"  # the owners of 99 in 100 records, and of the hundredth
KINDS: dict[str, tuple[Callable[[int], Iterable[Moment]], Sequence[str]]] = {
    # Records of each kind, and the modalities to search; of texts, only writing is measured.
    "texts": (texts, []),
    "pictures": (pictures, ["image"]),
    "six modalities": (mixed, MODALITIES),
}
WRITES = {"texts": 2.1, "pictures": 2.0, "six modalities": 1.8}  # targets, times the client's rate
MS = 1e3
MIB = 2**20


warnings.filterwarnings("ignore", message="Local mode is not recommended")


def owners(count: int) -> list[str]:
    """Return the owner of each record."""
    return [FEW if number % RARE == 0 else MANY for number in range(count)]


def fill(folder: str, moments: Sequence[Moment], vectors: Vectors) -> float:
    """Write records of two owners; return the number of records per second of CPU time."""
    of = owners(len(moments))
    seconds = 0.0
    for owner in (MANY, FEW):
        mine = [moment for moment, its_owner in zip(moments, of, strict=True) if its_owner == owner]
        with Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False) as memory:
            start = time.process_time()  # other programs may keep the cores busy
            memory.remember_many(mine)
            memory.flush()
            seconds += time.process_time() - start
    return len(moments) / seconds


def timed(run: Callable[[NDArray[np.float32]], object], questions: NDArray[np.float32]) -> float:
    """Return the median milliseconds for a question."""
    run(questions[0])
    seconds = []
    for question in questions:
        start = time.perf_counter()
        run(question)
        seconds.append(time.perf_counter() - start)
    return MS * statistics.median(seconds)


def recalls(folder: str, vectors: Vectors, modalities: Sequence[str]) -> dict[str, float]:
    """Return the median milliseconds of recalls of each owner."""
    found = {}
    search = {"limit": LIMIT, "modalities": list(modalities)}
    for owner in (MANY, FEW):
        with Memory.open(folder, owner=owner, encoder=Planted(vectors), keep_media=False) as memory:
            ask = partial(memory.recall, **search)
            found[owner] = timed(ask, vectors.questions(QUESTIONS))
    return found


def sensorium(kind: str, count: int) -> dict[str, Any]:
    """Measure writing, recalling, compacting and reopening of a memory in a folder."""
    make, modalities = KINDS[kind]
    vectors = Vectors(count)
    with tempfile.TemporaryDirectory() as folder:
        moments = list(make(count))
        result: dict[str, Any] = {"write": fill(folder, moments, vectors)}
        if not modalities:
            return result
        del moments
        result["before"] = recalls(folder, vectors, modalities)
        with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
            start = time.perf_counter()
            memory.compact()
            result["compact s"] = time.perf_counter() - start
        result["after"] = recalls(folder, vectors, modalities)
        result["overhead ms"] = overhead(folder, vectors)
        start = time.perf_counter()
        with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
            result["reopen s"] = time.perf_counter() - start
            result["disk MiB"] = memory.backend.stats()["bytes"] / MIB
        result["peak MiB"] = (resident("VmHWM") - vectors.rows.nbytes) / MIB
    return result


def overhead(folder: str, vectors: Vectors) -> float:
    """Return the milliseconds of a recall, without the searches of the store in it."""
    inside = 0.0
    with Memory.open(folder, owner=MANY, encoder=Planted(vectors)) as memory:
        search = memory.backend.search

        def counted(*arguments: Any) -> Any:
            nonlocal inside
            start = time.perf_counter()
            answer = search(*arguments)
            inside += time.perf_counter() - start
            return answer

        memory.backend.search = counted  # type: ignore[method-assign]  # to time it from within
        spent = []
        memory.recall(vectors.rows[0])
        for question in vectors.questions(QUESTIONS):
            inside, start = 0.0, time.perf_counter()
            memory.recall(question, limit=LIMIT)
            spent.append(time.perf_counter() - start - inside)
    return MS * statistics.median(spent)


def points(moments: Iterable[Moment], vectors: Vectors) -> list[Point]:
    """Make the points that Sensorium writes for the same records."""
    encoder, now, made = Planted(vectors), datetime.now(timezone.utc), []
    for number, moment in enumerate(moments):
        owner = FEW if number % RARE == 0 else MANY
        draft = draft_moment(owner, moment, now=now)
        made += points_of(draft, encoder.encode(draft.percepts), {}, owner=owner, now=now)
    return made


def upserted(client: Any, made: Sequence[Point]) -> float:
    """Write points with a client; return the number of points per second of CPU time."""
    from qdrant_client import models

    start = time.process_time()
    for first in range(0, len(made), BATCH):
        batch = [
            models.PointStruct(
                id=point.id,
                payload=shortened(point.payload),
                vector={
                    name: rows[0].tolist() if is_still(name) else rows.tolist()
                    for name, rows in point.vectors.items()
                },
            )
            for point in made[first : first + BATCH]
        ]
        client.upsert("memory", batch)
    return len(made) / (time.process_time() - start)


def empty_client() -> Any:
    """Make `QdrantClient(":memory:")` with the collection of a memory."""
    from qdrant_client import QdrantClient

    from sensorium.qdrant.client import create_collection

    store = QdrantClient(":memory:")
    schema = CollectionSchema.for_space(Planted.space, modalities=MODALITIES)
    create_collection(store, "memory", schema)
    return store


def client(kind: str, count: int) -> dict[str, Any]:
    """Measure `QdrantClient(":memory:")` with the same schema and the same points."""
    make, modalities = KINDS[kind]
    vectors = Vectors(count)
    made = points(make(count), vectors)
    store = empty_client()
    result: dict[str, Any] = {"write": upserted(store, made)}
    del made
    if modalities:
        for owner in (None, FEW):
            ask = partial(searched, store, modalities, owner)
            result[owner or MANY] = timed(ask, vectors.questions(CLIENT_QUESTIONS))
    result["peak MiB"] = (resident("VmHWM") - vectors.rows.nbytes) / MIB
    return result


def searched(
    store: Any, modalities: Sequence[str], owner: str | None, question: NDArray[np.float32]
) -> object:
    """Search modalities in one batch with a client, for one owner or for all."""
    from qdrant_client import models

    flat, rule = question.tolist(), None
    if owner:
        match = models.MatchValue(value=owner)
        rule = models.Filter(must=[models.FieldCondition(key="owner", match=match)])
    requests = [
        models.QueryRequest(
            query=flat if is_still(modality) else [flat],
            using=modality,
            limit=LIMIT,
            filter=rule,
            with_payload=True,
        )
        for modality in modalities
    ]
    return store.query_batch_points("memory", requests)


def folder_client(count: int) -> dict[str, Any]:
    """Measure writing and reopening with `QdrantClient(path=)`."""
    from qdrant_client import QdrantClient

    from sensorium.qdrant.client import create_collection

    vectors = Vectors(count)
    made = points(mixed(count), vectors)
    with tempfile.TemporaryDirectory() as folder:
        store = QdrantClient(path=folder)
        create_collection(
            store, "memory", CollectionSchema.for_space(Planted.space, modalities=MODALITIES)
        )
        rate = upserted(store, made)
        store.close()
        start = time.perf_counter()
        store = QdrantClient(path=folder)
        seconds = time.perf_counter() - start
        store.close()
    return {"write": rate, "reopen s": seconds}


def written(kind: str, count: int) -> dict[str, Any]:
    """Measure writing to a memory in a folder alone."""
    with tempfile.TemporaryDirectory() as folder:
        return {"write": fill(folder, list(KINDS[kind][0](count)), Vectors(count))}


def written_by_client(kind: str, count: int) -> dict[str, Any]:
    """Measure writing with `QdrantClient(":memory:")` alone."""
    return {"write": upserted(empty_client(), points(KINDS[kind][0](count), Vectors(count)))}


def table_of_writes(count: int, rounds: int) -> list[tuple[str, str, str, str]]:
    """Write with both sides in turn; return rows of the best of each, as `table` does."""
    rows = []
    for kind, target in WRITES.items():
        both = [
            (alone(written, kind, count)["write"], alone(written_by_client, kind, count)["write"])
            for _ in range(rounds)
        ]
        ours, theirs = (max(side) for side in zip(*both, strict=True))
        ratio = f"{ours / theirs:.2f}x ({target}x)"
        rows.append((f"{kind}: write", f"{ours:,.0f} /s", f"{theirs:,.0f} /s", ratio))
        print(*rows[-1], sep=" | ", flush=True)
    return rows


def alone(run: Callable[..., dict[str, Any]], *arguments: Any, **named: Any) -> dict[str, Any]:
    """Run a measurement in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(run, *arguments, **named).result()


def table(count: int, large: int) -> list[tuple[str, str, str, str]]:
    """Measure everything; return rows of name, our figure, theirs, and ratio with target."""
    rows: list[tuple[str, str, str, str]] = []

    def add(what: str, ours: str, theirs: str = "", ratio: str = "") -> None:
        rows.append((what, ours, theirs, ratio))
        print(*rows[-1], sep=" | ", flush=True)

    def compare(what: str, ours: float, theirs: float, unit: str, target: str) -> None:
        ratio = ours / theirs if unit == "/s" else theirs / ours
        add(what, f"{ours:,.4g} {unit}", f"{theirs:,.4g} {unit}", f"{ratio:,.1f}x ({target})")

    six: dict[str, Any] = {}
    for kind, (_, modalities) in KINDS.items():
        ours, theirs = alone(sensorium, kind, count), alone(client, kind, count)
        compare(f"{kind}: write", ours["write"], theirs["write"], "/s", f"{WRITES[kind]}x")
        if not modalities:
            continue
        compare(
            f"{kind}: recall, owner of 1 in 100", ours["before"][FEW], theirs[FEW], "ms", "300x"
        )
        compare(f"{kind}: owner of 99 in 100", ours["before"][MANY], theirs[MANY], "ms", "8x")
        compare(f"{kind}: after compact()", ours["after"][MANY], theirs[MANY], "ms", "40x")
        add(f"{kind}: compact()", f"{ours['compact s']:.0f} s")
        peaks = (f"{side['peak MiB']:,.0f} MiB" for side in (ours, theirs))
        add(f"{kind}: peak memory beyond the given vectors", *peaks)
        add(f"{kind}: on disk, compacted", f"{ours['disk MiB']:,.0f} MiB")
        six = ours
    path = alone(folder_client, count)
    compare("reopen, against QdrantClient(path=)", six["reopen s"], path["reopen s"], "s", "10x")
    add("Sensorium's own share of a recall, 10 hits", f"{six['overhead ms']:.2f} ms", "", "(3 ms)")
    if large:
        more = alone(sensorium, "six modalities", large)
        recall, small = more["after"][MANY], six["after"][MANY]
        add(
            f"{large:,}: recall, compacted",
            f"{recall:.1f} ms",
            "",
            f"{recall / small:.1f}x (at most 3x)",
        )
        add(f"{large:,}: write", f"{more['write']:,.0f} /s")
        add(f"{large:,}: compact()", f"{more['compact s']:.0f} s")
        add(f"{large:,}: peak memory beyond the given vectors", f"{more['peak MiB']:,.0f} MiB")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument(
        "--large", type=int, default=200_000, help="a larger memory; 0 leaves it out"
    )
    parser.add_argument("--writes", type=int, help="rounds of writing alone; nothing else is run")
    parser.add_argument("--out", type=Path, help="also write the table to this file")
    arguments = parser.parse_args()
    if arguments.writes:
        rows = table_of_writes(arguments.records, arguments.writes)
    else:
        rows = table(arguments.records, arguments.large)
    lines = ["| | Sensorium | QdrantClient, local | ratio (target) |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    text = "\n".join([*lines, "", *machine_lines(), ""])
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
