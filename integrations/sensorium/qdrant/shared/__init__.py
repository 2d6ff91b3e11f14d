"""A folder's store for several processes at once: one holds the shard, the others ask it."""

from sensorium.qdrant.shared.backend import SharedBackend

__all__ = ["SharedBackend"]
