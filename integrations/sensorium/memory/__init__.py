"""Memory: remember what was perceived, recall it by any sense, forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sensorium.memory.chronology import Counted, Occurrences
from sensorium.memory.filters import Filters
from sensorium.memory.holding.conflicts import Conflict
from sensorium.memory.memory import Memory
from sensorium.memory.places import Area
from sensorium.memory.recalling.nearest_media import NearestMedia
from sensorium.memory.recalling.query import Query
from sensorium.memory.receipts import (
    CopySummary,
    DigestReceipt,
    Enriched,
    ExportSummary,
    ImportSummary,
    PurgeReceipt,
    Reembedded,
    Sweep,
    Verification,
)
from sensorium.memory.records import (
    Episode,
    Failure,
    Finding,
    Hit,
    Medium,
    Moment,
    Progress,
    Record,
    Remembered,
    Report,
    Timeline,
)
from sensorium.memory.streams import Stream, StreamOptions
from sensorium.memory.watching.watch import Watch

if TYPE_CHECKING:
    from sensorium.memory.asynchronous import AsyncMemory

__all__ = [
    "Area",
    "AsyncMemory",
    "Conflict",
    "CopySummary",
    "Counted",
    "DigestReceipt",
    "Enriched",
    "Episode",
    "ExportSummary",
    "Failure",
    "Filters",
    "Finding",
    "Hit",
    "ImportSummary",
    "Medium",
    "Memory",
    "Moment",
    "NearestMedia",
    "Occurrences",
    "Progress",
    "PurgeReceipt",
    "Query",
    "Record",
    "Reembedded",
    "Remembered",
    "Report",
    "Stream",
    "StreamOptions",
    "Sweep",
    "Timeline",
    "Verification",
    "Watch",
]


def __getattr__(name: str) -> Any:
    """Import `AsyncMemory` when it is asked for: asyncio takes a tenth of the time of all else."""
    if name != "AsyncMemory":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sensorium.memory.asynchronous import AsyncMemory

    return AsyncMemory
