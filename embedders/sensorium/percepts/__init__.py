"""Typed observations: what was seen, heard, read and felt, with units and time."""

from sensorium.percepts.audio import Audio
from sensorium.percepts.depth import Depth
from sensorium.percepts.holes import fill_holes
from sensorium.percepts.image import Image
from sensorium.percepts.imu import IMU
from sensorium.percepts.limits import Limits
from sensorium.percepts.percept import Percept, Span, percept_from_dict
from sensorium.percepts.place import Place
from sensorium.percepts.pose import Pose
from sensorium.percepts.recognising import percept_from_media
from sensorium.percepts.series import Series
from sensorium.percepts.text import Text
from sensorium.percepts.thermal import Thermal
from sensorium.percepts.unit import Unit
from sensorium.percepts.video import Video

__all__ = [
    "IMU",
    "Audio",
    "Depth",
    "Image",
    "Limits",
    "Percept",
    "Place",
    "Pose",
    "Series",
    "Span",
    "Text",
    "Thermal",
    "Unit",
    "Video",
    "fill_holes",
    "percept_from_dict",
    "percept_from_media",
]
