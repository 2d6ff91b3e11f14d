"""Times in the words of a question."""

from sensorium.memory.times.limiting import limit_by_times
from sensorium.memory.times.reading import TimesRead, read_time, read_times

__all__ = ["TimesRead", "limit_by_times", "read_time", "read_times"]
