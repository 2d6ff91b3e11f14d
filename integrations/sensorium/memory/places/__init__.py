"""Where memories are: distances, areas, and places with names."""

from sensorium.memory.places.area import Area
from sensorium.memory.places.distance import distance

__all__ = ["Area", "distance"]
