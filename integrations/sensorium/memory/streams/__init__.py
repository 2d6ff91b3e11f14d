"""Streams: live samples and frames on their way into a memory."""

from sensorium.memory.streams.assembly import open_stream
from sensorium.memory.streams.options import StreamOptions
from sensorium.memory.streams.report import Gap, StreamReport
from sensorium.memory.streams.running_statistics import Statistics
from sensorium.memory.streams.stream import Stream

__all__ = ["Gap", "Statistics", "Stream", "StreamOptions", "StreamReport", "open_stream"]
