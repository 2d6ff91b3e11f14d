"""Closing Edge's engine of a shard: that flushes, so it waits where a disk has no room."""

from __future__ import annotations

import ctypes
import logging
from pathlib import Path

import qdrant_edge as edge

from sensorium.errors import StoreFullError
from sensorium.qdrant.edge.room import check_flushing

logger = logging.getLogger(__name__)

# Engines that were not closed, by the folders of their shards. What they had not flushed is in the
# log: the next opening reads it, in this process or another.
_left_open: dict[Path, edge.EdgeShard] = {}


def close_engine(shard: Path, engine: edge.EdgeShard) -> None:
    """Close an engine, or leave it open until the shard is opened again, or the process ends.

    Args:
        shard: Folder of the shard.
        engine: Edge's object; nobody uses it afterwards.
    """
    try:
        check_flushing(shard)
    except StoreFullError as error:
        never_collect(engine)
        _left_open[shard] = engine
        logger.warning("sensorium: closed without a last flush, as it waits for room: %s", error)
    else:
        engine.close()


def never_collect(engine: edge.EdgeShard) -> None:
    """Let an engine live as long as the process: Edge flushes one that is collected, too."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))


def close_left(shard: Path) -> None:
    """Close the engine that this process left open in the folder of a shard, if there is one.

    Raises:
        StoreFullError: There is still no room for that.
    """
    if shard in _left_open:
        check_flushing(shard)
        _left_open.pop(shard).close()
