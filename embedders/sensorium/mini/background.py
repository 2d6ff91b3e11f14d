"""The statistics that come with the weights."""

from __future__ import annotations

from pathlib import Path

from sensorium.encoders.background import Background, Pair
from sensorium.mini.manifest import DIRECTORY, read_tensors

CENTRE = "centre."  # before the name of a modality, in the file
PAIR = "pair."  # before the names of two modalities, joined by a slash


def read_background(*, directory: Path = DIRECTORY) -> Background:
    """Read the background statistics.

    Raises:
        WeightsError: The file is missing or damaged.
    """
    tensors = read_tensors("background", directory=directory)
    centres = {
        key.removeprefix(CENTRE): value.numpy()
        for key, value in tensors.items()
        if key.startswith(CENTRE)
    }
    raw, centred, overlap = {}, {}, {}
    for key, value in tensors.items():
        if key.startswith(PAIR):
            asked, stored = key.removeprefix(PAIR).split("/")
            numbers = value.tolist()
            raw[asked, stored] = Pair(*numbers[:2])
            centred[asked, stored] = Pair(*numbers[2:4])
            overlap[asked, stored] = numbers[4]
    return Background(centres, raw, centred, overlap)
