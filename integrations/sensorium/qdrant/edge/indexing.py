"""Indexing a shard in a process of its own.

For each modality Edge builds a graph (HNSW), which leads a search to the nearest vectors by looking
at few of them, and a copy of the vectors with one byte a number, which it looks at. What that finds
is measured again with the vectors themselves: see `reading.search`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from sensorium.errors import StoreError
from sensorium.qdrant.edge.folder import CONFIG


@dataclass(frozen=True)
class IndexSizes:
    """How a shard is indexed; benchmarks/scale.md has the figures behind the values.

    Attributes:
        links: Links of a vector in its graph (m).
        beam: Candidates among which they are chosen (ef_construct). Edge's own 100 takes 1.6 times
            as long to build and finds no more of 200,000 vectors.
        wide: The same where a modality has more than `many` vectors. Of a million, a graph that was
            made with 64 leads to .93 of the nearest ten, one with 100 to .98.
        many: See `wide`.
        scanned: Kilobytes of vectors which a search scans in any case (full_scan_threshold). With
            Edge's own 10,000, graphs of several modalities are built and hardly used.
        least: Kilobytes of a modality's vectors from which on a graph is built; fewer are scanned
            as fast (indexing_threshold).
    """

    links: int = 16
    beam: int = 64
    wide: int = 100
    many: int = 300_000
    scanned: int = 1_000
    least: int = 6_000

    def beam_for(self, vectors: int) -> int:
        """Return the candidates for a graph of so many vectors."""
        return self.wide if vectors > self.many else self.beam


SIZES = IndexSizes()
PER_NUMBER = 5e-7  # seconds of one core for each number of a vector: measured, .4 to .6

# Edge holds Python's global lock while it indexes: in this process every thread would stand still.
# Where the system can, it ends that process with this one, as nobody waits for it any more.
INDEX = """
import json, os, sys
if sys.platform == "linux":
    import ctypes, signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != int(sys.argv[2]):
        sys.exit("the process that asked for it is gone")
import qdrant_edge as edge
sizes = json.loads(sys.argv[3])
copies = edge.ScalarQuantizationConfig(edge.ScalarType.Int8, memory=edge.Memory.Cached)
config = edge.EdgeConfig(
    sparse_vectors={sys.argv[4]: edge.EdgeSparseVectorParams()},
    hnsw_config=edge.HnswIndexConfig(sizes["links"], sizes["beam"], sizes["scanned"]),
    quantization_config=copies if sizes["copies"] else None,  # else as the shard was made
    optimizers=edge.EdgeOptimizersConfig(indexing_threshold=sizes["least"]),
)
shard = edge.EdgeShard.load(sys.argv[1], config)
print(int(shard.optimize()))
shard.close()
"""


def index_shard(
    shard: Path, lock: int | None, *, placeholder: str, copies: bool, vectors: int
) -> bool:
    """Index a closed shard; return whether there was anything to do.

    Args:
        shard: Folder of the shard. If the indexing process dies, the shard is as it was.
        lock: Descriptor of the lock of the memory's folder. The indexing process has it, too: if
            this one is killed, nobody opens the shard before that one has ended.
        placeholder: Name of the shard's sparse vector, without which Edge takes no configuration.
        copies: Whether to keep copies with one byte a number; else the shard's own setting stays.
        vectors: How many vectors the modality has that has most.
    Raises:
        StoreError: The indexing process failed.
    """
    sizes = json.dumps({**asdict(SIZES), "beam": SIZES.beam_for(vectors), "copies": copies})
    command = [sys.executable, "-c", INDEX, str(shard), str(os.getpid()), sizes, placeholder]
    kept = () if lock is None or os.name == "nt" else (lock,)
    done = subprocess.run(command, capture_output=True, text=True, check=False, pass_fds=kept)
    if done.returncode:
        raise StoreError(
            f"the indexing of {str(shard)!r}, which failed: {done.stderr[-200:]}",
            "memory and disk for a second copy of the vectors",
            "try again with more room; nothing is lost",
        )
    return done.stdout.strip() == "1"


def has_these_sizes(shard: Path, vectors: int) -> bool:
    """Return whether what a shard has indexed is left as it is, not built again with `SIZES`.

    Args:
        shard: Folder of the shard.
        vectors: How many vectors the modality has that has most.
    """
    config = json.loads((shard / CONFIG).read_text("utf-8"))
    graph = config.get("hnsw_config") or {}
    sizes = (graph.get("m"), graph.get("ef_construct"), graph.get("full_scan_threshold"))
    return sizes == (SIZES.links, SIZES.beam_for(vectors), SIZES.scanned)


def expected_seconds(vectors: int, dimension: int) -> float:
    """Return about how long it takes to index vectors, where nothing else needs the machine.

    Args:
        vectors: How many.
        dimension: Numbers of each.
    """
    return PER_NUMBER * vectors * dimension / (os.cpu_count() or 1)
