"""Labelling percepts by the names of the labels."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from tests.support.colours import COLOURS, ColourEncoder, swatch

from sensorium.encoders import ZeroShotClassifier
from sensorium.errors import PerceptValueError


def test_zero_shot_names_pictures_by_words() -> None:
    """The label whose words lie nearest wins; probabilities sum to one."""
    classifier = ZeroShotClassifier(ColourEncoder(), list(COLOURS), ["a photo of {}", "{}"])
    red, blue = classifier.classify([swatch(200, 20, 10), swatch(0, 30, 250)], top=3)
    assert [red[0].label, blue[0].label] == ["red", "blue"]
    assert sum(p.probability for p in red) == pytest.approx(1)
    assert red[0].similarity > red[1].similarity
    assert classifier.classify([]) == []


def test_probabilities_are_a_softmax_of_the_similarities() -> None:
    """A similarity higher by d has exp(100 d) times the probability; `scale` replaces 100."""
    usual = ZeroShotClassifier(ColourEncoder(), list(COLOURS))
    warmer = ZeroShotClassifier(ColourEncoder(), list(COLOURS), scale=3.0)
    for classifier, scale in ((usual, 100), (warmer, 3)):
        [ranked] = classifier.classify([swatch(120, 110, 100)])
        for better, worse in pairwise(ranked):
            ratio = np.exp(scale * (better.similarity - worse.similarity))
            assert better.probability / worse.probability == pytest.approx(ratio, rel=1e-3)


@pytest.mark.parametrize(
    ("labels", "templates"),
    [([], ["{}"]), (["a", "a"], ["{}"]), (["a"], ["no place"]), (["a"], [])],
)
def test_zero_shot_refuses_ambiguous_labels(labels: list[str], templates: list[str]) -> None:
    """Missing or repeated labels, and templates without `{}`, are errors."""
    with pytest.raises(PerceptValueError, match=r"labels|templates"):
        ZeroShotClassifier(ColourEncoder(), labels, templates)


def test_labels_are_strings() -> None:
    """A bare string would be read as its letters; numbers and `None` are no labels."""
    wrong: list[Any] = ["dog", [1, 2], 5, None]
    for value in wrong:
        with pytest.raises(PerceptValueError, match=r"labels=.*sequence of strings"):
            ZeroShotClassifier(ColourEncoder(), value)
        with pytest.raises(PerceptValueError, match=r"templates=.*sequence of strings"):
            ZeroShotClassifier(ColourEncoder(), ["dog"], value)
