"""Indexing a shard in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sensorium.errors import StoreError

# Edge holds Python's global lock while it indexes: in this process every thread would stand still.
INDEX = """
import sys, qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
print(int(shard.optimize()))
shard.close()
"""


def index_shard(shard: Path) -> bool:
    """Index a closed shard; return whether there was anything to do.

    Args:
        shard: Folder of the shard. If the indexing process dies, the shard is as it was.
    Raises:
        StoreError: The indexing process failed.
    """
    command = [sys.executable, "-c", INDEX, str(shard)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StoreError(
            f"the indexing of {str(shard)!r}, which failed: {done.stderr[-200:]}",
            "memory and disk for a second copy of the vectors",
            "try again with more room; nothing is lost",
        )
    return done.stdout.strip() == "1"
