"""Scores on one scale for every pair of modalities."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.encoders import Background, Pair
from sensorium.errors import UnsupportedModalityError, VectorError

NOTHING = Pair(0.0, 1.0)
BACKGROUND = Background(
    centres={
        "text": np.array([0, 0, 0.6], np.float32),
        "image": np.array([0.5, 0, 0], np.float32),
    },
    raw={("text", "image"): NOTHING},
    centred={("text", "image"): NOTHING},
    overlap={("text", "image"): 0.8},
)


def test_scores_are_centred_cosines_over_the_overlap() -> None:
    """Planted: each side loses its own mean, and a cosine of 0.8 at an overlap of 0.8 counts 1."""
    asked = np.array([[0.8, 0.0, 0.6]], np.float32)  # centred: (1, 0, 0)
    stored = np.array([[0.5 + 0.8, 0.6, 0], [0.5, 1, 0]], np.float32)  # (0.8, 0.6, 0), (0, 1, 0)
    scores = BACKGROUND.scores(asked, stored, modalities=("text", "image"))
    np.testing.assert_allclose(scores, [[1.0, 0.0]], atol=1e-6)


def test_what_cannot_be_centred_is_refused() -> None:
    """Another modality, another dimension, and a vector that equals the mean."""
    unit = np.array([0, 0, 1], np.float32)
    with pytest.raises(UnsupportedModalityError, match=r"'smell'.*image, text"):
        BACKGROUND.centre(unit, "smell")
    with pytest.raises(VectorError, match=r"shape \(2,\); needed \(\.\.\., 3\)"):
        BACKGROUND.centre(unit[:2], "text")
    with pytest.raises(VectorError, match="direction"):
        BACKGROUND.centre(BACKGROUND.centres["text"], "text")
