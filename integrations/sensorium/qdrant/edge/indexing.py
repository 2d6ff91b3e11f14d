"""Indexing a shard in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sensorium.errors import StoreError

# Edge holds Python's global lock while it indexes: in this process every thread would stand still.
# Where the system can, it ends that process with this one, as nobody waits for it any more.
INDEX = """
import os, sys
if sys.platform == "linux":
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != int(sys.argv[2]):
        sys.exit("the process that asked for it is gone")
import qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
print(int(shard.optimize()))
shard.close()
"""


def index_shard(shard: Path, lock: int | None) -> bool:
    """Index a closed shard; return whether there was anything to do.

    Args:
        shard: Folder of the shard. If the indexing process dies, the shard is as it was.
        lock: Descriptor of the lock of the memory's folder. The indexing process has it, too: if
            this one is killed, nobody opens the shard before that one has ended.
    Raises:
        StoreError: The indexing process failed.
    """
    command = [sys.executable, "-c", INDEX, str(shard), str(os.getpid())]
    kept = () if lock is None or os.name == "nt" else (lock,)
    done = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=kept)
    if done.returncode:
        raise StoreError(
            f"the indexing of {str(shard)!r}, which failed: {done.stderr[-200:]}",
            "memory and disk for a second copy of the vectors",
            "try again with more room; nothing is lost",
        )
    return done.stdout.strip() == "1"
