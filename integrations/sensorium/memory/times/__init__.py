"""Times in the words of a question."""

from sensorium.memory.times.reading import TimesRead, read_times

__all__ = ["TimesRead", "read_times"]
