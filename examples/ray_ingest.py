"""Encode a folder on all cores of a machine, or on a Ray cluster, and put it into a memory.

    pip install "sensorium[ray]"
    python examples/ray_ingest.py PICTURES --memory ~/.sensorium --owner me
    python examples/ray_ingest.py /shared/media --address auto --shards /shared/shards
    python examples/ray_ingest.py s3://bucket/media

A pool of actors holds the encoder and writes shards; then the memory imports them. Kill it at any
moment and run it again: finished shards are not computed again, and nothing is remembered twice.
Files that cannot be read are listed at the end. On a cluster, sensorium is installed on all
machines, and they all see the folder and the shards at the same paths.
"""

import argparse
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # or Ray reports to its makers

import ray

from sensorium.memory import Memory
from sensorium.moving import encode_dataset, list_files

OBJECTS = 2**30  # bytes of memory that Ray on one machine keeps what it passes on in


def connect(address: str | None) -> None:
    """Join a cluster, or start Ray on this machine, where nobody else reaches it."""
    if address is not None:
        ray.init(address=address, logging_level="warning", log_to_driver=False)
    else:
        ray.init(
            include_dashboard=False,
            object_store_memory=OBJECTS,
            logging_level="warning",
            log_to_driver=False,
            _node_ip_address="127.0.0.1",
        )
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)


def files_of(places: list[str]) -> tuple[ray.data.Dataset, int | None]:
    """Return a dataset of files, and how many they are if that is known."""
    if any("://" in place for place in places):  # Ray reads buckets, and the actors get bytes
        return ray.data.read_binary_files(places, include_paths=True), None
    rows = [
        row
        for place in places
        for row in list_files(place, on_skip=lambda path, why: print(f"skipped {path}: {why}"))
    ]
    if not rows:
        sys.exit("no file in there that can be read")
    return ray.data.from_items(rows), len(rows)  # the actors read the files


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("places", nargs="+", help="folders, files, or addresses of buckets")
    parser.add_argument("--memory", default="~/.sensorium", help="folder or server of the memory")
    parser.add_argument("--owner", default="me")
    parser.add_argument("--shards", default="shards", help="where the shards are written")
    parser.add_argument("--address", default=os.environ.get("RAY_ADDRESS"), help="of a cluster")
    parser.add_argument("--encoder", default="sensorium-mini")
    parser.add_argument("--actors", type=int, help="by default one for each core")
    parser.add_argument("--batch", type=int, default=64, help="files of a shard")
    asked = parser.parse_args()
    connect(asked.address)
    dataset, total = files_of(asked.places)
    done = encode_dataset(
        dataset,
        Path(asked.shards),
        owner=asked.owner,
        encoder=asked.encoder,
        actors=asked.actors,
        batch=asked.batch,
        progress=lambda count, _: print(f"{count:,} of {total or 'many'} files", flush=True),
    )
    ray.shutdown()
    print(f"{done.records:,} records in {done.shards:,} shards; {done.known:,} files known before")
    with Memory.open(asked.memory, owner=asked.owner, encoder=asked.encoder) as memory:
        memory.import_(done.directory)
        print(f"the memory has {memory.count():,} records")
    for failure in done.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if done.failures else 0


if __name__ == "__main__":
    sys.exit(main())
