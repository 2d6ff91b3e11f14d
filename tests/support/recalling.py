"""Encoders, times and small readings that the tests of recalling share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sensorium.memory import Hit, Memory
from sensorium.qdrant import Filter
from tests.support.planted import PlantedEncoder

NOON = datetime(2026, 5, 1, 12, tzinfo=timezone.utc)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GAPPED = PlantedEncoder(gap=2.0, background=True)  # modalities far apart, as in real encoders
BARE = PlantedEncoder(model="bare")  # without a gap, and without statistics


def ids(hits: list[Hit]) -> list[str]:
    return [hit.record.id for hit in hits]


def rows(memory: Memory) -> dict[str, NDArray[np.float32]]:
    """Every row of every record, by record."""
    page = memory.backend.scroll(Filter(memory.owner), limit=10_000, vectors=True)
    return {
        str(p.payload.get("id", p.id)): np.concatenate([*p.vectors.values()]) for p in page.points
    }
