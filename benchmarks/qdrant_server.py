"""A memory on a real Qdrant server, beside the client's own calls in the same run.

    python benchmarks/qdrant_server.py --url http://localhost:6333 --table
    python benchmarks/qdrant_server.py --url http://localhost:6333 --records 5000

A collection of its own holds pictures of 512 dimensions: one in a hundred is a small owner's, the
others are the large owner's. Vectors are planted, as encoding is not measured. A recall of ten hits
is timed beside the client's own `query_points` of the same question, in turn, so that both meet the
same disturbances. Writes are those of the store, of `remember_many` with given vectors, and of
`promote` from a folder, beside `upload_collection` with a small payload. Requests are counted.
"""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import describe
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models
from tables import markdown

from sensorium.encoders import EmbeddingSpace, EncoderBase, Encoding, normalise
from sensorium.errors import SensoriumError
from sensorium.memory import Memory, Moment
from sensorium.percepts import Percept
from sensorium.qdrant.client.connection import Connection

TABLE = Path(__file__).with_suffix(".md")
DIMENSION = 512
LARGE, SMALL = "large", "small"
RARE = 100  # one picture in so many is the small owner's
QUESTIONS, LIMIT = 200, 10
BATCH = 1_000  # points of a write
MS = 1e3
HEADING = """# A memory on a Qdrant server, measured

Written by `python benchmarks/qdrant_server.py`: {records:,} pictures of 512 dimensions on one
server, version {version}, on the same machine. Each row names the client's own call that was made
in turn with ours: compare the two, not the times, on a busy machine. Load over one minute, at the
begin and at the end: {load}.

The client's own upload has a payload of one key; a memory's picture has ten, which the server
stores and indexes.
"""
COLUMNS = ("what", "over", "ours", "the client's own", "ratio", "requests", "target")

Rows = NDArray[np.float32]
Row = tuple[str, ...]


class Planted(EncoderBase):
    """An encoder whose vectors are all given."""

    space = EmbeddingSpace(model="planted", weights="none", preprocessing="r1", dimension=DIMENSION)
    modalities = frozenset({"image"})

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode nothing: every question is a vector, too."""
        return []


class Counter:
    """Counts the requests that connections send."""

    def __init__(self) -> None:
        """Begin with none, and count from now on."""
        self.count = 0
        ask = Connection.ask

        def counted(connection: Connection, question: Callable[[QdrantClient], Any]) -> Any:
            self.count += 1
            return ask(connection, question)

        vars_of: Any = Connection
        vars_of.ask = counted


def pictures(count: int, seed: int) -> Rows:
    """Make unit vectors around 500 topics."""
    draw = np.random.default_rng(seed)
    topics = draw.standard_normal((500, DIMENSION), np.float32)
    return normalise(
        topics[draw.integers(500, size=count)]
        + draw.standard_normal((count, DIMENSION), np.float32)
    )


def moments(rows: Rows, first: int = 0) -> list[Moment]:
    """Return a moment of each row."""
    return [Moment(vectors={"image": row[None]}, id=f"p{n}") for n, row in enumerate(rows, first)]


def opened(place: Any, owner: str, options: dict[str, Any]) -> Memory:
    """Open a memory of planted vectors."""
    return Memory.open(place, owner=owner, encoder=Planted(), keep_media=False, **options)


def in_turn(calls: Sequence[Callable[[int], object]], count: int) -> list[float]:
    """Time calls in turn; return the median of each, in milliseconds."""
    spent: list[list[float]] = [[] for _ in calls]
    for number in range(count):
        for seconds, call in zip(spent, calls, strict=True):
            start = time.perf_counter()
            call(number)
            seconds.append(time.perf_counter() - start)
    return [MS * float(np.median(seconds)) for seconds in spent]


def rate(count: int, write: Callable[[], object]) -> float:
    """Return how many points a second are written."""
    start = time.perf_counter()
    write()
    return count / (time.perf_counter() - start)


def recalls(memory: Memory, client: QdrantClient, over: str, counter: Counter, target: str) -> Row:
    """Time recalls of an owner beside queries of the client."""
    questions = pictures(QUESTIONS, seed=1)
    name = behind(client, memory.backend.stats()["collection"])
    owner = models.FieldCondition(key="owner", match=models.MatchValue(value=memory.owner))

    def ours(number: int) -> object:
        return memory.recall(questions[number], limit=LIMIT)

    def theirs(number: int) -> object:
        return client.query_points(
            name,
            query=questions[number].tolist(),
            using="image",
            query_filter=models.Filter(must=[owner]),
            limit=LIMIT,
            with_payload=True,
            with_vectors=True,
        )

    ours(0)
    theirs(0)
    before = counter.count
    a, b = in_turn([ours, theirs], QUESTIONS)
    requests = (counter.count - before) / QUESTIONS
    what = f"recall, owner of {memory.count():,}"
    return (what, over, f"{a:.1f} ms", f"{b:.1f} ms", f"{a / b:.2f}", f"{requests:.2f}", target)


def writes(
    url: str,
    client: QdrantClient,
    source: Memory,
    rows: Rows,
    *,
    options: dict[str, Any],
    over: str,
) -> list[Row]:
    """Time the writes of a collection of its own beside the client's own upload."""
    name, place = f"bench-{secrets.token_hex(4)}", {**options}
    with opened(url, LARGE, {**options, "collection": name}) as memory:
        fewer = rows[: len(rows) // 5]
        given = moments(fewer)
        remembered = rate(len(fewer), lambda: memory.remember_many(given, batch_size=BATCH))
        upload = partial(
            client.upload_collection,
            behind(client, name),
            {"image": fewer},
            payload=({"owner": "x"} for _ in fewer),
            ids=[secrets.token_hex(16) for _ in fewer],
            batch_size=BATCH,
            wait=True,
        )
        own = rate(len(fewer), upload)
        copy = partial(source.promote, url, collection=name, **place)
        promoted, again = rate(len(rows), copy), rate(len(rows), copy)
    remove(client, name)
    ours = (
        (f"remember_many of {len(fewer):,}, given vectors", remembered, "8,000/s"),
        (f"promote of {len(rows):,}", promoted, "8,000/s"),
        ("promote again, nothing new", again, ""),
    )
    return [
        (what, over, f"{speed:,.0f}/s", f"{own:,.0f}/s", f"{speed / own:.2f}", "", target)
        for what, speed, target in ours
    ]


def behind(client: QdrantClient, name: str) -> str:
    """Return the name of the collection of a memory."""
    aliases = {each.alias_name: each.collection_name for each in client.get_aliases().aliases}
    return aliases[name]


def remove(client: QdrantClient, name: str) -> None:
    """Remove the collections of a memory."""
    for each in client.get_collections().collections:
        if each.name.startswith(name):
            client.delete_collection(each.name)


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", default="http://localhost:6333")
    parser.add_argument("--grpc-port", type=int, default=6334)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--table", action="store_true", help="rewrite qdrant_server.md")
    given = parser.parse_args()
    begun = os.getloadavg()[0]
    rows, counter, table, version = pictures(given.records, seed=0), Counter(), list[Row](), "?"
    with tempfile.TemporaryDirectory() as folder, opened(folder, SMALL, {}) as source:
        source.remember_many(moments(rows), batch_size=BATCH)
        for over in ("REST", "gRPC"):
            options: dict[str, Any] = {"prefer_grpc": over == "gRPC", "grpc_port": given.grpc_port}
            client = QdrantClient(url=given.url, check_compatibility=False, timeout=60, **options)
            version, name = client.info().version, f"bench-{secrets.token_hex(4)}"
            few = len(rows) // RARE
            with opened(given.url, SMALL, {**options, "collection": name}) as small:
                small.remember_many(moments(rows[:few]), batch_size=BATCH)
                with small.for_owner(LARGE) as large:
                    large.remember_many(moments(rows[few:], few), batch_size=BATCH)
                    table.append(recalls(small, client, over, counter, "6 ms"))
                    table.append(recalls(large, client, over, counter, "10 ms"))
            remove(client, name)
            table += writes(given.url, client, source, rows, options=options, over=over)
            client.close()
    load = f"{begun:.1f} and {os.getloadavg()[0]:.1f}"
    machine = "\n".join(f"- {key}: {value}" for key, value in describe(torch.device("cpu")).items())
    heading = HEADING.format(records=given.records, version=version, load=load)
    text = f"{heading}\n{machine}\n\n{markdown(COLUMNS, table)}\n"
    print(text)
    if given.table:
        TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
