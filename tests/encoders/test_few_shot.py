"""Labelling percepts from a few examples."""

from __future__ import annotations

import sys

import pytest
from tests.support.colours import ColourEncoder, swatch

from sensorium.encoders import FewShotProbe
from sensorium.errors import MissingExtraError, PerceptValueError
from sensorium.percepts import Text


def test_few_shot_learns_from_examples() -> None:
    """Two swatches of a colour are enough to name a third; probabilities follow sorted labels."""
    probe = FewShotProbe(ColourEncoder())
    with pytest.raises(PerceptValueError, match="fit"):
        probe.predict([swatch(1, 1, 1)])
    examples = [swatch(200, 0, 0), swatch(255, 40, 9), swatch(0, 0, 210), swatch(30, 9, 255)]
    probe.fit(examples, ["warm", "warm", "cold", "cold"])
    assert probe.labels == ["cold", "warm"]
    assert probe.predict([swatch(230, 20, 20), swatch(10, 0, 190)]) == ["warm", "cold"]
    assert probe.probabilities([swatch(230, 20, 20)]).argmax() == 1
    assert probe.predict([]) == []
    with pytest.raises(PerceptValueError, match="2 percepts with 1 labels"):
        probe.fit(examples[:2], ["warm"])


def test_labels_are_strings() -> None:
    """Numbers would come back from `predict` as text."""
    with pytest.raises(PerceptValueError, match="str"):
        FewShotProbe(ColourEncoder()).fit([Text("red"), Text("blue")], [0, 1])  # type: ignore[list-item]


def test_a_larger_inverse_penalty_trusts_the_examples_more() -> None:
    """The default is 100; a hundred times less leaves the probe undecided."""
    examples, labels = [swatch(200, 0, 0), swatch(0, 0, 210)], ["warm", "cold"]
    probes = [FewShotProbe(ColourEncoder()), FewShotProbe(ColourEncoder(), inverse_penalty=1.0)]
    sure, unsure = (
        probe.fit(examples, labels).probabilities(examples).max(axis=1).min() for probe in probes
    )
    assert sure > 0.95
    assert unsure < 0.75


def test_few_shot_without_scikit_learn_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of a missing extra holds the command that installs it."""
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sensorium\[few-shot\]"'):
        FewShotProbe(ColourEncoder())
