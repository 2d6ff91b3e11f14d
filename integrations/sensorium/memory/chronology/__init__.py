"""What came first and last, before and after, how often, and one after the other."""

from sensorium.memory.chronology.counting import Counted, Occurrences

__all__ = ["Counted", "Occurrences"]
