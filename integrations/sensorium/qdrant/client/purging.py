"""Purging a collection: a server is asked to rewrite the segments that hold removed points."""

from __future__ import annotations

import time
from typing import Any

from qdrant_client import models

from sensorium.errors import SensoriumError
from sensorium.qdrant.backend import Purged
from sensorium.qdrant.client import reading
from sensorium.qdrant.client.collection import Collection
from sensorium.qdrant.erasing import Erasure

# The vacuum optimizer rewrites segments in which more than this share of the points is deleted,
SHARE = 1e-9
LEAST = 100  # and which hold more vectors than this: the smallest number that a server takes
LIMIT = 60.0  # seconds to wait for the optimizer
START = 2.0  # seconds in which a server begins: until then it may still report that all is done
PAUSE = 0.25  # seconds between two questions
DONE = "The server removed the points, and confirmed it."
SERVER = (
    "The server's write-ahead log, until it is overwritten.",
    f"Segments of up to {LEAST} vectors, which its optimizer does not rewrite, and those that it "
    "has not come to; a client cannot see which.",
    "The server's snapshots, replicas that are away, backups, logs, and freed blocks of its disk.",
    "What other clients hold, and exports and copies of the memory.",
)
LOCAL = (
    "The memory of this process, in which the client keeps removed points until it is closed.",
    "Free pages of the client's own file, if it was opened with path=.",
    "Exports and copies of the memory.",
)


def purge(collection: Collection) -> Purged:
    """Do what a client can; what the server answered is told, and a refusal is no error."""
    points = reading.count(collection, None)
    if collection.connection.local:
        done = ("The client removed the points from its store, which has no server.",)
        return Purged(points, Erasure(), done, LOCAL)
    try:
        answer = _vacuum(collection)
    except SensoriumError as error:
        answer = f"It could not be asked to rewrite its segments: {error}"
    return Purged(points, Erasure(), (DONE, answer), SERVER)


def _vacuum(collection: Collection) -> str:
    """Have the optimizer rewrite segments of which anything is deleted; return what was reported.

    Its thresholds are those of the collection again afterwards.
    """
    config = collection.call(collection.client.get_collection, collection.name).config
    _set_thresholds(collection, SHARE, LEAST)
    try:
        return _wait(collection)
    finally:
        before = config.optimizer_config
        _set_thresholds(collection, before.deleted_threshold, before.vacuum_min_vector_number)


def _set_thresholds(collection: Collection, share: float | None, least: int | None) -> None:
    thresholds = models.OptimizersConfigDiff(
        deleted_threshold=share, vacuum_min_vector_number=least
    )
    collection.call(
        collection.client.update_collection, collection.name, optimizers_config=thresholds
    )


def _wait(collection: Collection) -> str:
    """Wait until the server reports that its optimizer has nothing to do, or the time is over."""
    asked = "It was asked to rewrite all segments with removed points"
    begun = time.monotonic()
    while True:
        time.sleep(PAUSE)
        info = collection.call(collection.client.get_collection, collection.name)
        waited = time.monotonic() - begun
        state = f"status {_word(info.status)}, optimizer {_word(info.optimizer_status)}"
        if info.status == models.CollectionStatus.GREEN and waited >= START:
            return f"{asked}, and reported {state} after {waited:.0f} seconds."
        if waited >= LIMIT:
            return f"{asked}; after {waited:.0f} seconds it still reported {state}."


def _word(status: Any) -> str:
    return str(getattr(status, "value", status))
