"""From a vector to a percept: decoders of a space, and the nearest words where it has none."""

from sensorium.decoders.imagining import Decoder, imagine
from sensorium.decoders.nearest_words import NearWord, nearest_words

__all__ = ["Decoder", "NearWord", "imagine", "nearest_words"]
