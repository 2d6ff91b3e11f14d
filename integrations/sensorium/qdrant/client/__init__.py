"""A Qdrant server or cluster, reached by `qdrant-client`."""

from sensorium.qdrant.client.backend import ClientBackend

__all__ = ["ClientBackend"]
