"""A Qdrant server or cluster, reached by `qdrant-client`."""

from sensorium.qdrant.client.backend import ClientBackend
from sensorium.qdrant.client.schema import add_modality, create_collection

__all__ = ["ClientBackend", "add_modality", "create_collection"]
