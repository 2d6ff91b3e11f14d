"""Opening a doubtful shard where nothing can happen to this process or to the shard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sensorium.errors import StoreFormatError
from sensorium.qdrant.edge.copying import copy_memory, shard_of
from sensorium.qdrant.edge.failures import INTACT, RESTORE

PATIENCE = 120.0  # seconds until an opening hangs
# What is read of the shard, in a process of its own: all of its points, a page at a time
READ = """
import sys, qdrant_edge as edge
shard = edge.EdgeShard.load(sys.argv[1])
offset, read = None, 0
while True:
    request = edge.ScrollRequest(offset=offset, limit=256, with_payload=True, with_vector=True)
    points, offset = shard.scroll(request)
    read += len(points)
    if offset is None:
        break
print(read)
"""


def try_memory(folder: Path, *, patience: float = PATIENCE) -> int:
    """Read all points of a copy of a memory in a process of its own; return how many there are.

    Args:
        folder: Folder of the memory; nothing is written there.
        patience: Seconds until the other process is given up.
    Raises:
        StoreFormatError: The shard is damaged: the process failed, hung or died by a signal.
        StoreFullError: There is no room for the copy.
        StoreLockedError: Another process keeps writing to it.
        OSError: A file cannot be read.
    """
    with TemporaryDirectory(prefix="sensorium-") as place:
        copy = Path(place) / "memory"
        copy_memory(folder, copy)
        command = [sys.executable, "-c", READ, str(shard_of(copy))]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=patience
            )
        except subprocess.TimeoutExpired as error:
            raise _damaged(folder, f"does not open within {patience:.0f} seconds") from error
    if done.returncode < 0:
        raise _damaged(folder, f"ends the process that opens it with signal {-done.returncode}")
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing was said"]
        raise _damaged(folder, f"cannot be opened ({said[0][:200]})")
    return int(done.stdout)


def _damaged(folder: Path, what: str) -> StoreFormatError:
    return StoreFormatError(
        f"the memory {str(folder)!r}, which {what}",
        INTACT,
        RESTORE,
    )
