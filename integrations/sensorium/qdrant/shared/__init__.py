"""A folder's store for several processes at once: one holds the shard, the others ask it."""

from sensorium.qdrant.shared.backend import HolderEndedError, SharedBackend

__all__ = ["HolderEndedError", "SharedBackend"]
