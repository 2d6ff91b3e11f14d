"""Binding a new sense to an encoder: a map from features to its space, learned from pairs."""

from sensorium.encoders.binding.bind import bind
from sensorium.encoders.binding.bound import BoundEncoder, load_bound
from sensorium.encoders.binding.features import Features, RandomConvolutions
from sensorium.encoders.binding.sense import BoundSense

__all__ = ["BoundEncoder", "BoundSense", "Features", "RandomConvolutions", "bind", "load_bound"]
