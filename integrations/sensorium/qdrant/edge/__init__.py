"""Qdrant Edge: a collection in this process, in a folder."""

from sensorium.qdrant.edge.backend import EdgeBackend

__all__ = ["EdgeBackend"]
