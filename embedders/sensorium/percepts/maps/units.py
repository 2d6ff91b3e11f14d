"""Keywords of a map's class that say how a file is read, as other doors describe them."""

from __future__ import annotations

from collections.abc import Mapping

from sensorium.percepts.unit import Unit

BITS: Mapping[str, Unit] = {
    "bits": Unit("low bits of a stored number that count, swapped, or sun-rgbd", 13),
    "scale": Unit("factor of the stored numbers", 0.01),
    "offset": Unit("added to the scaled numbers", -100),
}
READING: Mapping[str, Unit] = {
    "shape": Unit("height and width of a file without a header", (480, 640)),
    "dtype": Unit("type of the numbers of a file without a header", "uint16"),
    "dataset": Unit("name of the array in the file, or of the channel", "depth"),
    "frame": Unit("index of the map or page in the file, from 0", 0),
    "trust": Unit("true to accept values that look like another unit", True),
}
