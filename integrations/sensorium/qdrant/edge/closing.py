"""Closing Edge's engine of a shard: that flushes, so it waits where a disk has no room."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

import qdrant_edge as edge

from sensorium.encoders.forking import never_collect
from sensorium.errors import StoreFullError
from sensorium.qdrant.edge.aside import LOG
from sensorium.qdrant.edge.room import check_flushing

logger = logging.getLogger(__name__)

DESCRIPTORS = "/dev/fd"  # those of this process, on Linux and macOS

# Engines that were not closed, by the folders of their shards. What they had not flushed is in the
# log: the next opening reads it, in this process or another.
_left_open: dict[Path, edge.EdgeShard] = {}


def leave_to_parent(shard: Path, engine: edge.EdgeShard | None) -> None:
    """Let go of an engine in a forked child.

    Neither the child's end nor a collection there may flush files that the parent writes, and when
    the parent has closed the shard, it is free: a copy of a descriptor keeps the lock of its file.

    Args:
        shard: Folder of the shard.
        engine: The parent's engine, if it was open already.
    """
    never_collect(engine)
    with suppress(OSError):  # the shard was removed
        log = (shard / LOG).stat()
        for descriptor in Path(DESCRIPTORS).iterdir():
            with suppress(OSError):  # that of the listing itself is closed
                if os.path.samestat(os.fstat(int(descriptor.name)), log):
                    os.close(int(descriptor.name))


def _after_fork() -> None:
    for shard, engine in _left_open.items():
        leave_to_parent(shard, engine)
    _left_open.clear()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_after_fork)


def close_engine(shard: Path, engine: edge.EdgeShard) -> None:
    """Close an engine, or leave it open until the shard is opened again, or the process ends.

    Args:
        shard: Folder of the shard.
        engine: Edge's object; nobody uses it afterwards.
    """
    try:
        check_flushing(shard)
    except StoreFullError as error:
        never_collect(engine)  # Edge flushes one that is collected, too
        _left_open[shard] = engine
        logger.warning("sensorium: closed without a last flush, as it waits for room: %s", error)
    else:
        engine.close()


def close_left(shard: Path) -> None:
    """Close the engine that this process left open in the folder of a shard, if there is one.

    Raises:
        StoreFullError: There is still no room for that.
    """
    if shard in _left_open:
        check_flushing(shard)
        _left_open.pop(shard).close()
