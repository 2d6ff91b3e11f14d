"""Memory: remember what was perceived, recall it by any sense, forget it."""

from sensorium.memory.asynchronous import AsyncMemory
from sensorium.memory.filters import Filters
from sensorium.memory.memory import Memory
from sensorium.memory.records import (
    Failure,
    Hit,
    Medium,
    Moment,
    Record,
    Remembered,
    Report,
    Timeline,
)

__all__ = [
    "AsyncMemory",
    "Failure",
    "Filters",
    "Hit",
    "Medium",
    "Memory",
    "Moment",
    "Record",
    "Remembered",
    "Report",
    "Timeline",
]
