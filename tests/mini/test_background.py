"""The background statistics that come with the weights."""

from __future__ import annotations

import pytest

from sensorium.mini import MiniEncoder
from sensorium.mini.background import read_background
from sensorium.percepts import Text


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return MiniEncoder()


def test_background_knows_every_pair(encoder: MiniEncoder) -> None:
    """Centred vectors have unit length, and unrelated ones a cosine near the recorded mean."""
    background = read_background()
    assert background.centres.keys() == encoder.modalities
    assert background.raw.keys() == {(a, b) for a in encoder.modalities for b in encoder.modalities}
    rows = encoder.embed([Text(t) for t in ("a cold beer", "the stock market fell", "her violin")])
    scores = background.scores(rows[:2], rows[1:], modalities=("text", "text"))
    assert scores[1, 0] == pytest.approx(1, abs=1e-5)
    assert abs(scores[0, 1] - background.centred["text", "text"].mean) < 0.4
