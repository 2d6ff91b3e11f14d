"""Reading the statistics of the encoder's vectors over its training data."""

from __future__ import annotations

from pathlib import Path

from safetensors.numpy import load

from sensorium.encoders.background import Background, Pair
from sensorium.mini.manifest import DIRECTORY, read_listed
from sensorium.mini.margins import read_margins

CENTRE = "centre."  # begins the name of a modality's mean vector in the file
PAIR = "pair."  # begins the name of a pair of modalities there: "pair.text/image"


def read_background(*, directory: Path = DIRECTORY) -> Background:
    """Read the background statistics of the encoder.

    Args:
        directory: Directory with the manifest and the weights files.
    Raises:
        CheckpointNotFoundError: The file is missing.
        CheckpointFormatError: The file was changed or cut short.
    """
    arrays = load(read_listed("background", directory))
    centres = {
        key.removeprefix(CENTRE): value for key, value in arrays.items() if key.startswith(CENTRE)
    }
    raw, centred, overlap = {}, {}, {}
    for key, value in arrays.items():
        if key.startswith(PAIR):
            asked, stored = key.removeprefix(PAIR).split("/")
            # Five numbers: mean and spread of raw cosines, the same of centred ones, and overlap.
            numbers = value.tolist()
            raw[asked, stored] = Pair(*numbers[:2])
            centred[asked, stored] = Pair(*numbers[2:4])
            overlap[asked, stored] = numbers[4]
    return Background(centres, raw, centred, overlap, read_margins())
