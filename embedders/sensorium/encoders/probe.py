"""A probe: the vector of one fixed sentence, by which a model of unknown weights is known."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from sensorium.encoders.arithmetic import normalise
from sensorium.errors import VectorError

logger = logging.getLogger(__name__)

SENTENCE = "The quick brown fox jumps over the lazy dog."  # fixed: collections keep its vector
STORED = "<f2"  # half precision, little-endian: changes a cosine by less than 1e-5


def dimension_and_probe(
    embed: Callable[[str], Sequence[float]], dimension: int | None
) -> tuple[int, tuple[float, ...] | None]:
    """Embed the sentence once, to learn the dimension of a model and its probe.

    Args:
        embed: Returns the vector of a text.
        dimension: The dimension, if the caller knows it.
    Returns:
        The dimension, and the probe; `None` where the dimension is known and the model cannot be
        asked now.
    Raises:
        VectorError: The model's vectors have another dimension.
    """
    if dimension is None:
        vector = embed(SENTENCE)
        return len(vector), probe_of(lambda _: vector)
    probe = probe_of(embed)
    if probe is not None and len(probe) != dimension:
        raise VectorError(
            f"dimension={dimension} for a model whose vectors have {len(probe)} numbers",
            str(len(probe)),
            "pass that, or leave it out",
        )
    return dimension, probe


def probe_of(embed: Callable[[str], ArrayLike]) -> tuple[float, ...] | None:
    """Embed the sentence, to know a model by what it does.

    Args:
        embed: Returns the vector of a text.
    Returns:
        The vector, of unit length; `None` where the model cannot be asked now.
    """
    try:
        return unit_probe(embed(SENTENCE))
    except Exception as error:  # whatever a service raises: its name has to do
        logger.info("the embedding model cannot be asked now: %s", type(error).__name__)
        return None


def unit_probe(vector: ArrayLike) -> tuple[float, ...]:
    """Return the vector of a probe in the form in which a space has it.

    Raises:
        VectorError: It has no direction.
    """
    return tuple(normalise(np.asarray(vector, np.float32)[None])[0].tolist())


def probe_to_text(probe: tuple[float, ...]) -> str:
    """Write a probe as base64 of half-precision numbers, little-endian."""
    return base64.b64encode(np.asarray(probe, STORED).tobytes()).decode()


def probe_from_text(text: str, dimension: int) -> tuple[float, ...]:
    """Read what `probe_to_text` wrote.

    Raises:
        ValueError: It is something else, or of another dimension.
    """
    try:
        vector = np.frombuffer(base64.b64decode(text, validate=True), STORED)
        probe = unit_probe(vector)
    except (TypeError, ValueError) as error:  # among them a VectorError
        raise ValueError(f"a probe that cannot be read: {error}") from error
    if len(probe) != dimension:
        raise ValueError(f"a probe of {len(probe)} numbers")
    return probe
