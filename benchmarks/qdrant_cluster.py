"""A memory on a cluster of three nodes, one of which is killed again and again.

    python benchmarks/qdrant_cluster.py --server PATH_OF_QDRANT   # two minutes; prints a table

Two writers and a reader work through the URLs of all nodes, over REST or gRPC. Every 12 seconds a
node is killed (SIGKILL), and started again after 4. At the end every node is asked for every record
whose writing was acknowledged. No call may fail within the 30 seconds for which it is tried.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from qdrant_client import QdrantClient
from tables import markdown

from sensorium.encoders import EmbeddingSpace
from sensorium.errors import SensoriumError
from sensorium.qdrant import ClientBackend, CollectionSchema, Filter, Point, Search

NODES = 3
FIRST_PORT = 7613  # REST, gRPC and the cluster's own port of the first node; ten more for each
EVERY, AWAY = 12.0, 4.0  # seconds between two kills, and until the node is started again
BATCH, DIMENSION = 100, 64
COLUMNS = (
    "over",
    "copies, consistency",
    "acknowledged",
    "missing",
    "writes failed",
    "reads failed",
    "longest call",
)
SCHEMA = CollectionSchema.for_space(
    EmbeddingSpace("planted", "0" * 64, "none", DIMENSION), modalities=["image"]
)


@dataclass
class Tally:
    """What happened.

    Attributes:
        written: Ids whose writing was acknowledged.
        reads: How many recalls were answered.
        failures: Messages of what failed, by what it was.
        longest: Seconds of the longest call.
    """

    written: list[str] = field(default_factory=list)
    reads: int = 0
    failures: dict[str, list[str]] = field(default_factory=lambda: {"write": [], "read": []})
    longest: float = 0.0


class Node:
    """One node, as a process."""

    def __init__(self, server: str, home: Path, number: int) -> None:
        """Describe it; it is not started yet."""
        self.port = FIRST_PORT + 10 * number
        self.home = home / str(number)
        self.home.mkdir()
        joins = [] if number == 0 else ["--bootstrap", f"http://127.0.0.1:{FIRST_PORT + 2}"]
        itself = ["--uri", f"http://127.0.0.1:{self.port + 2}"]
        self.command = [server, "--config-path", str(self.home / "c.yaml"), *itself, *joins]
        (self.home / "c.yaml").write_text(
            "log_level: ERROR\n"
            f"storage: {{storage_path: {self.home}/s, snapshots_path: {self.home}/n}}\n"
            f"service: {{host: 127.0.0.1, http_port: {self.port}, grpc_port: {self.port + 1}}}\n"
            f"cluster: {{enabled: true, p2p: {{port: {self.port + 2}}}}}\n"
            "telemetry_disabled: true\n",
            encoding="utf-8",
        )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it."""
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(self.command, cwd=self.home, **quiet)

    def kill(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def work(tally: Tally, over: threading.Event, kind: str, call: Callable[[], None]) -> None:
    """Make calls until it is over; count and time them."""
    while not over.is_set():
        start = time.monotonic()
        try:
            call()
        except SensoriumError as error:
            tally.failures[kind].append(str(error))
        tally.longest = max(tally.longest, time.monotonic() - start)


def write(backend: ClientBackend, tally: Tally) -> None:
    """Write a batch of new points."""
    rows = np.random.default_rng().standard_normal((BATCH, DIMENSION)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    points = [
        Point(str(uuid4()), {"image": row[None]}, {"owner": "rex", "page_content": ""})
        for row in rows
    ]
    backend.upsert(points)
    tally.written += [point.id for point in points]


def read(backend: ClientBackend, tally: Tally) -> None:
    """Search."""
    vector = np.random.default_rng().standard_normal(DIMENSION).astype(np.float32)
    backend.search([Search("image", vector, 10, whole=True)], Filter("rex"))
    tally.reads += 1


def missing_on(node: Node, collection: str, ids: list[str]) -> int:
    """Return how many of the ids a node does not find."""
    client = QdrantClient(url=node.url, timeout=60, check_compatibility=False)
    found = 0
    for start in range(0, len(ids), 1_000):
        part = ids[start : start + 1_000]
        found += len(client.retrieve(collection, part, with_payload=False))
    client.close()
    return len(ids) - found


def round_of(
    server: str, seconds: float, *, grpc: bool, copies: int, consistency: int
) -> tuple[str, ...]:
    """Run one cluster for so long; return a row of the table."""
    schema = CollectionSchema.for_space(
        SCHEMA.space,
        modalities=["image"],
        shard_number=6,
        replication_factor=copies,
        write_consistency_factor=consistency,
    )
    with tempfile.TemporaryDirectory() as home:
        nodes = [Node(server, Path(home), number) for number in range(NODES)]
        try:
            for node in nodes:
                node.start()
                time.sleep(6)
            tally, over = Tally(), threading.Event()
            ports = [node.port + 1 for node in nodes]
            backends = [
                ClientBackend.open(
                    [node.url for node in nodes], schema=schema, prefer_grpc=grpc, grpc_port=ports
                )
                for _ in range(3)
            ]
            jobs = [("write", write), ("write", write), ("read", read)]
            threads = [
                threading.Thread(
                    target=work,
                    args=(tally, over, kind, lambda job=job, backend=backend: job(backend, tally)),
                )
                for (kind, job), backend in zip(jobs, backends, strict=True)
            ]
            for thread in threads:
                thread.start()
            ends, number = time.monotonic() + seconds, 0
            while time.monotonic() < ends:
                time.sleep(EVERY - AWAY)
                nodes[number % NODES].kill()
                time.sleep(AWAY)
                nodes[number % NODES].start()
                number += 1
            over.set()
            for thread in threads:
                thread.join()
            time.sleep(20)  # the last node comes back, and is brought up to date
            actual = backends[0]._collection.name
            missing = max(missing_on(node, actual, tally.written) for node in nodes)
            for backend in backends:
                backend.close()
        finally:
            for node in nodes:
                node.kill()
    for kind, messages in tally.failures.items():
        for message in messages[:3]:
            print(kind, "failed:", message)
    failed = {kind: len(messages) for kind, messages in tally.failures.items()}
    return (
        "gRPC" if grpc else "REST",
        f"{copies}, {consistency}",
        f"{len(tally.written):,} points, {number} kills",
        str(missing),
        f"{failed['write']} of {len(tally.written) // BATCH + failed['write']}",
        f"{failed['read']} of {tally.reads + failed['read']}",
        f"{tally.longest:.1f} s",
    )


def main() -> None:
    """Run a cluster over REST and one over gRPC, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--server", required=True, help="the program `qdrant`")
    parser.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    rows = [
        round_of(given.server, given.seconds, grpc=False, copies=2, consistency=1),
        round_of(given.server, given.seconds, grpc=True, copies=3, consistency=2),
    ]
    print(f"load over one minute: {os.getloadavg()[0]:.1f}\n")
    print(markdown(COLUMNS, rows))


if __name__ == "__main__":
    main()
