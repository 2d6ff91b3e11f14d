"""Planted vectors of unrelated things: what a calibration can be checked on without an encoder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Background, normalise
from sensorium.encoders.background import Pair
from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import Scale

Vectors = NDArray[np.float32]
GAPS, MEANING = 4, 252  # dimensions that tell modalities apart, and those that tell things apart
GAP = 0.6  # length of a modality's centre
SPREAD = MEANING**-0.5  # spread of cosines of unrelated things
MODALITIES = ("text", "image", "audio", "imu")
AXIS = {"text": 0, "audio": 0, "image": 1, "imu": 2}  # texts and sounds look alike to raw cosine


def things(draw: np.random.Generator, count: int) -> Vectors:
    """Unit vectors of random things, `(count, MEANING)`."""
    return normalise(draw.standard_normal((count, MEANING)))


def encoded(modality: str, things: Vectors) -> Vectors:
    """Rows as an encoder makes them: the centre of the modality and the thing itself."""
    gap = np.zeros((*things.shape[:-1], GAPS))
    gap[..., AXIS[modality]] = GAP
    return np.concatenate([gap, (1 - GAP**2) ** 0.5 * things], axis=-1).astype(np.float32)


def near(thing: Vectors, cosine: float, draw: np.random.Generator) -> Vectors:
    """Another thing with that cosine to the first."""
    other = things(draw, 1)[0]
    across = normalise(other - (other @ thing) * thing)
    return np.asarray(cosine * thing + (1 - cosine**2) ** 0.5 * across, np.float32)


def shipped() -> Background:
    """What is true of all vectors here."""
    pairs = [(query, stored) for query in MODALITIES for stored in MODALITIES]
    centres = {
        modality: encoded(modality, np.zeros(MEANING, np.float32)) for modality in MODALITIES
    }
    spread = dict.fromkeys(pairs, Pair(0.0, SPREAD))
    return Background(centres, spread, spread, dict.fromkeys(pairs, 1.0))


def sampled(count: int, draw: np.random.Generator, *modalities: str) -> Sample:
    """A collection of unrelated things."""
    rows = {
        modality: encoded(modality, things(draw, count)) for modality in modalities or MODALITIES
    }
    return Sample(rows, dict.fromkeys(rows, count))


CALIBRATION = Calibration(shipped(), Sample.EMPTY)


def scales_for(thing: Vectors, calibration: Calibration = CALIBRATION) -> dict[str, Scale]:
    """What the words for a thing ask every modality."""
    return calibration.scales([QueryVector(encoded("text", thing), "text")], MODALITIES)


def confidence_of(scale: Scale, score: float) -> float:
    """The confidence of a score on a calibrated scale."""
    confidence = scale.confidence(score)
    assert confidence is not None
    return confidence
