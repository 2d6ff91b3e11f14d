"""A collection as a stub of a Qdrant server describes it, and answers that fail."""

from __future__ import annotations

import json
from typing import Any

from qdrant_client import QdrantClient

from sensorium.encoders import EmbeddingSpace
from sensorium.qdrant.client.schema import create_collection
from sensorium.qdrant.schema import CollectionSchema

D = 16  # dimensions
SPACE = EmbeddingSpace("planted", "0" * 64, "none", D)
SCHEMA = CollectionSchema.for_space(SPACE, modalities=["image", "audio"])
KEY = "sesame-1234567890"


def described(schema: CollectionSchema) -> dict[str, Any]:
    """A collection as a server describes it."""
    client = QdrantClient(":memory:")
    create_collection(client, "sensorium", schema)
    description: dict[str, Any] = json.loads(client.get_collection("sensorium").model_dump_json())
    client.close()
    return description


def failing(status: int, text: str = "", **headers: str) -> tuple[int, str, dict[str, str]]:
    return status, text, {name.replace("_", "-"): value for name, value in headers.items()}
