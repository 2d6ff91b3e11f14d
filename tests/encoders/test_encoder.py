"""The base class gives every encoder batches and precise errors."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.colours import ColourEncoder, swatch

from sensorium.errors import BatchError
from sensorium.percepts import Percept, Text


def test_a_subclass_gets_batches_and_errors() -> None:
    """A subclass that writes `try_encode` has `encode`, `embed` and precise batch errors."""
    with pytest.raises(BatchError, match="percept 1"):
        ColourEncoder().encode([Text("red"), *_sounds()])
    assert ColourEncoder().embed([Text("red"), swatch(9, 0, 0)]).shape == (2, 3)
    assert ColourEncoder().embed([]).shape == (0, 3)


def _sounds() -> list[Percept]:
    from sensorium.percepts import Audio

    return [Audio(np.zeros(800, np.float32), rate=16_000)]
