"""Scores and confidences of all modalities are on one scale: order and confidence agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.unrelated import (
    MODALITIES,
    SPREAD,
    confidence_of,
    encoded,
    near,
    shipped,
    things,
)

from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import EVEN, Scale

SURER, LAXER = 4.0, 1.0  # margins of two modalities, in spreads
MARGINS = {("text", "audio"): SURER, ("text", "image"): LAXER}
COUNTS = {"text": 3, "image": 400, "audio": 7, "imu": 50}  # points: few of some modalities


def scales(
    *, ranking: str = "centred", modalities: Sequence[str] = MODALITIES, seed: int = 1
) -> dict[str, Scale]:
    """The scales of one question, in a collection that has far more of some modalities."""
    calibration = Calibration(replace(shipped(), margins=MARGINS), Sample({}, COUNTS, 460))
    asked = encoded("text", things(np.random.default_rng(seed), 1)[0])
    return calibration.scales([QueryVector(asked, "text")], modalities, ranking=ranking)


MATCH = st.tuples(st.sampled_from(MODALITIES), st.floats(-1, 1), st.integers(1, 300))


@settings(max_examples=60)
@given(found=st.lists(MATCH, min_size=2, max_size=8), ranking=st.sampled_from(["centred", "z"]))
def test_more_score_is_never_less_confidence(
    found: list[tuple[str, float, int]], ranking: str
) -> None:
    """Whatever their modalities and the numbers of their rows, hits are as sure as they score."""
    each = scales(ranking=ranking)
    scores = [(each[name].score(cosine, rows), name) for name, cosine, rows in found]
    scores.sort(reverse=True)
    confidences = [confidence_of(each[name], score) for score, name in scores]
    assert confidences == sorted(confidences, reverse=True)


def test_few_points_of_a_modality_make_it_no_surer() -> None:
    """One score has one confidence among three texts and among four hundred pictures."""
    each = scales()
    assert len({confidence_of(scale, 0.5) for scale in each.values()}) == 1


@given(st.sampled_from(MODALITIES), st.floats(-1, 1), st.floats(-1, 1))
def test_within_a_modality_a_nearer_row_is_surer(name: str, first: float, second: float) -> None:
    """Confidence rises with the similarity, however large the margin."""
    scale = scales()[name]
    less, more = (confidence_of(scale, scale.score(c)) for c in sorted((first, second)))
    assert less <= more


@pytest.mark.parametrize(("name", "margin"), [("audio", SURER), ("image", LAXER), ("imu", EVEN)])
def test_a_margin_is_where_right_and_wrong_are_as_likely(name: str, margin: float) -> None:
    """A match that lies the pair's margin beyond the best of one point has a confidence of half."""
    calibration = Calibration(replace(shipped(), margins=MARGINS), Sample({}, {name: 1}, 1))
    draw = np.random.default_rng(5)
    thing = things(draw, 1)[0]
    scale = calibration.scales([QueryVector(encoded("text", thing), "text")], [name])[name]
    row = encoded(name, near(thing, margin * SPREAD, draw))
    assert confidence_of(scale, scale.score_rows(row[None]).evidence) == pytest.approx(
        0.5, abs=0.01
    )


def test_parts_of_a_question_share_their_margins() -> None:
    """A question of words and a sound has the mean margin, weighed as they are."""
    margins = {("text", "image"): 4.0, ("audio", "image"): 1.0}
    calibration = Calibration(replace(shipped(), margins=margins), Sample({}, COUNTS, 460))
    vectors = things(np.random.default_rng(6), 2)
    asked = [
        QueryVector(encoded("text", vectors[0]), "text", weight=2.0),
        QueryVector(encoded("audio", vectors[1]), "audio", weight=-1.0),
    ]
    assert calibration.scales(asked, ["image"])["image"].margin == pytest.approx(3.0)


def test_only_what_is_searched_counts_as_luck() -> None:
    """Searched alone, three texts have less luck than among hundreds of other records."""
    alone, among = scales(modalities=["text"])["text"], scales()["text"]
    assert confidence_of(alone, 0.4) > confidence_of(among, 0.4)
    assert (alone.compared, among.compared) == (3, 460)


def test_the_scales_of_two_rankings_agree() -> None:
    """A score counted in typical spreads is the same score."""
    each, spreads = scales(), scales(ranking="z")
    for name in MODALITIES:
        assert each[name].score(0.3) == pytest.approx(spreads[name].score(0.3) * SPREAD)
        assert each[name].deviate(each[name].score_at(2.5)) == pytest.approx(2.5)
        assert spreads[name].deviate(spreads[name].score_at(2.5)) == pytest.approx(2.5)
