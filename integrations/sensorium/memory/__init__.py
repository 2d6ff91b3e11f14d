"""Memory: remember what was perceived, recall it by any sense, forget it."""

from sensorium.memory.asynchronous import AsyncMemory
from sensorium.memory.memory import Filters, Memory, Timeline
from sensorium.memory.records import Failure, Hit, Medium, Moment, Record, Remembered, Report

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
