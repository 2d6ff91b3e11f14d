"""Scores and confidences: fair between modalities and lengths, and discounted for luck."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.unrelated import (
    CALIBRATION,
    MODALITIES,
    confidence_of,
    encoded,
    near,
    sampled,
    scales_for,
    shipped,
    things,
)

from sensorium.encoders import Background
from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.extremes import (
    log_cdf,
)
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import record_score

SEEDS = 2000
TOLERANCE = 0.04  # of a share of so many: 3.6 standard deviations


def shared(rows: float, *, points: int) -> Calibration:
    """A calibration for so many points of each modality, with so many rows on average."""
    counts, shares = dict.fromkeys(MODALITIES, points), dict.fromkeys(MODALITIES, rows)
    return Calibration(shipped(), Sample({}, counts, shares=shares))


def test_a_score_is_the_centred_cosine() -> None:
    """Scores from the store and exact ones are the cosine of the things; similarity stays raw."""
    draw = np.random.default_rng(2)
    thing = things(draw, 1)[0]
    row = encoded("image", near(thing, 0.7, draw))
    scale = scales_for(thing)["image"]
    score, index, similarity, _ = scale.score_rows(row[None])
    assert score == pytest.approx(0.7, abs=1e-5)
    assert index == 0
    assert similarity == pytest.approx(float(encoded("text", thing) @ row), abs=1e-6)
    assert scale.score(float(scale.vector @ row)) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("ranking", ["centred", "raw"])
def test_points_that_are_scored_together_score_as_alone(ranking: str) -> None:
    """Each has its own best row, its own number of rows, and no other's."""
    draw = np.random.default_rng(4)
    thing = things(draw, 1)[0]
    stacks = [encoded("audio", things(draw, rows)) for rows in (1, 5, 1, 3)]
    stacks[1][4] = encoded("audio", near(thing, 0.9, draw))
    totals = [1, 40, 0, 3]
    query = [QueryVector(encoded("text", thing), "text")]
    scale = CALIBRATION.scales(query, ["audio"], ranking=ranking)["audio"]
    together = scale.score_points(stacks, totals)
    alone = [scale.score_rows(rows, total=n) for rows, n in zip(stacks, totals, strict=True)]
    assert [best.row for best in together] == [best.row for best in alone]
    assert together[1].row == 4
    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_no_point_scores_above_its_bound() -> None:
    """A bound is the score of a point of one row; more rows are no advantage."""
    scale = scales_for(things(np.random.default_rng(5), 1)[0])["audio"]
    similarities = [-0.2, 0.0, 0.1, 0.4, 0.9]
    bounds = scale.bounds(similarities)
    assert bounds == [scale.score(each) for each in similarities]
    assert all(scale.score(s, 9) <= bound for s, bound in zip(similarities, bounds, strict=True))


def test_the_best_row_is_named() -> None:
    """Of a long recording, the row that matches best is the one reported."""
    draw = np.random.default_rng(3)
    thing = things(draw, 1)[0]
    rows = encoded("audio", things(draw, 30))
    rows[17] = encoded("audio", near(thing, 0.8, draw))
    assert scales_for(thing)["audio"].score_rows(rows)[1] == 17


def test_overlap_divides() -> None:
    """Scores of a pair that shares half of its length are doubled, exact and approximate ones."""
    background = shipped()
    halved = {**background.overlap, ("text", "image"): 0.5}
    background = Background(background.centres, background.raw, background.centred, halved)
    draw = np.random.default_rng(4)
    thing = things(draw, 1)[0]
    row = encoded("image", near(thing, 0.4, draw))[None]
    scale = scales_for(thing, Calibration(background, Sample.EMPTY))["image"]
    assert scale.score_rows(row)[0] == pytest.approx(0.8, abs=1e-5)
    assert scale.score(float(scale.vector @ row[0])) == pytest.approx(0.8, abs=1e-5)


@pytest.mark.slow
def test_many_modalities_are_no_advantage_by_luck() -> None:
    """Of unrelated records, one with a single modality beats one with four in half of the cases."""
    draw = np.random.default_rng(7)
    single, fair, best = [], [], []
    for _ in range(SEEDS):
        scales = scales_for(things(draw, 1)[0])
        rows = things(draw, len(MODALITIES) + 1)
        pairs = [
            (scales[modality], scales[modality].score_rows(encoded(modality, row[None]))[0])
            for modality, row in zip(MODALITIES, rows, strict=False)
        ]
        single.append(scales["image"].score_rows(encoded("image", rows[-1:]))[0])
        fair.append(record_score(pairs)[0])
        best.append(max(score for _, score in pairs))
    assert np.mean(np.greater(single, fair)) == pytest.approx(0.5, abs=TOLERANCE)
    assert np.mean(np.greater(single, best)) < 0.3  # what it would be without the correction


@pytest.mark.slow
def test_long_recordings_have_no_advantage_by_luck() -> None:
    """Of unrelated sounds, one of a single row beats one of forty in half of the cases."""
    draw = np.random.default_rng(8)
    short, long = [], []
    for _ in range(SEEDS):
        scale = scales_for(things(draw, 1)[0])["audio"]
        short.append(scale.score_rows(encoded("audio", things(draw, 1)))[0])
        long.append(scale.score_rows(encoded("audio", things(draw, 40)))[0])
    assert np.mean(np.greater(short, long)) == pytest.approx(0.5, abs=TOLERANCE)


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("others", [0, 4, 19, 49, 199])
def test_a_row_is_worth_the_same_among_any_others(modality: str, others: int) -> None:
    """The confidence in a stretch that matches is one, alone or in a long record."""
    draw = np.random.default_rng(15)
    thing = things(draw, 1)[0]
    rows = encoded(modality, np.stack([near(thing, 0.4, draw), *things(draw, others)]))
    scale = scales_for(thing, shared(10.0, points=500))[modality]
    alone, whole = scale.score_rows(rows[:1]), scale.score_rows(rows)
    assert (whole.row, whole.evidence) == (0, alone.evidence)
    assert 0.3 < confidence_of(scale, whole.evidence) < 0.98


@pytest.mark.slow
def test_the_best_of_all_rows_is_explained_by_luck() -> None:
    """In unrelated records of one row and of 59, the best is as sure as among single rows."""
    draw = np.random.default_rng(17)
    scale_for = shared(30.0, points=20)
    chances = []
    for _ in range(SEEDS // 4):
        scale = scales_for(things(draw, 1)[0], scale_for)["audio"]
        rows = encoded("audio", things(draw, 600))
        records = [*rows[:10, None], *rows[10:].reshape(10, 59, -1)]
        best = max(scale.score_rows(record).evidence for record in records)
        chances.append(exp(20 * log_cdf(scale.deviate(best))))
    assert np.abs(np.sort(chances) - np.linspace(0, 1, len(chances))).max() < 0.12


@pytest.mark.slow
def test_rows_newer_than_the_sample_count() -> None:
    """Where a few notes were sampled, the best of a thousand unrelated new rows is no answer."""
    draw = np.random.default_rng(16)
    best = []
    for _ in range(100):
        scale = scales_for(things(draw, 1)[0], shared(1.0, points=10))["text"]
        found = scale.score_rows(encoded("text", things(draw, 1000)))
        best.append(confidence_of(scale, found.evidence))
    assert max(best) < 0.5


@given(
    scores=st.lists(st.floats(-1, 1), min_size=1, max_size=4),
    fewer=st.integers(1, 4),
)
def test_an_equal_match_is_not_lost_by_having_fewer_modalities(
    scores: list[float], fewer: int
) -> None:
    """Modalities that match less never raise a record's score, and the best one is named."""
    scale = scales_for(things(np.random.default_rng(9), 1)[0])["image"]
    scores = sorted(scores, reverse=True)
    pairs = [(scale, score) for score in scores]
    score, index = record_score(pairs)
    assert index == 0
    assert score <= record_score(pairs[:fewer])[0] <= scores[0]


def test_a_strong_match_in_a_long_recording_survives() -> None:
    """Among a thousand rows, one that matches keeps its score but for a few hundredths."""
    draw = np.random.default_rng(10)
    thing = things(draw, 1)[0]
    rows = encoded("audio", things(draw, 1000))
    rows[500] = encoded("audio", near(thing, 0.9, draw))
    scale = scales_for(thing)["audio"]
    assert 0.85 < scale.score_rows(rows)[0] < 0.9
    assert confidence_of(scale, scale.score_rows(rows).evidence) > 0.95


@given(
    similarity=st.floats(-1, 1),
    rows=st.integers(1, 5000),
    more=st.integers(0, 5000),
    ranking=st.sampled_from(["centred", "z", "raw"]),
)
def test_a_score_never_grows_with_rows(
    similarity: float, rows: int, more: int, ranking: str
) -> None:
    """The same similarity is worth at most as much where more rows were compared."""
    asked = [QueryVector(encoded("text", things(np.random.default_rng(11), 1)[0]), "text")]
    scale = CALIBRATION.scales(asked, MODALITIES, ranking=ranking)["audio"]
    score = scale.score(similarity, rows + more)
    assert np.isfinite(score)
    assert score <= scale.score(similarity, rows) <= scale.score(similarity)


@pytest.mark.slow
def test_the_best_of_unrelated_points_is_explained_by_luck() -> None:
    """The chance that luck stays below the best of n unrelated points is uniform."""
    draw = np.random.default_rng(12)
    count, chances, confidences = 300, [], []
    calibration = Calibration(shipped(), sampled(count, draw, "image"))
    for _ in range(SEEDS // 4):
        scale = scales_for(things(draw, 1)[0], calibration)["image"]
        rows = encoded("image", things(draw, count))
        best = max(scale.score(similarity) for similarity in (rows @ scale.vector).tolist())
        chances.append(exp(count * log_cdf(scale.deviate(best))))
        confidences.append(confidence_of(scale, best))
    even = np.linspace(0, 1, len(chances))
    assert np.abs(np.sort(chances) - even).max() < 0.12
    assert np.mean(confidences) < 0.1
    assert np.mean(np.array(confidences) > 0.5) < 0.01


def test_a_planted_match_is_certain() -> None:
    """Confidence in a match far beyond luck is nearly 1, and falls with the collection's size."""
    draw = np.random.default_rng(13)
    thing = things(draw, 1)[0]
    confidences = []
    for count in (10, 1_000, 1_000_000):
        sample = Sample({}, {"image": count})
        scale = scales_for(thing, Calibration(shipped(), sample))["image"]
        confidences.append(confidence_of(scale, 0.8))
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[1] > 0.95


@pytest.mark.parametrize("ranking", ["centred", "z"])
def test_rankings_agree_on_confidence(ranking: str) -> None:
    """However hits are ranked, the same row gets the same confidence."""
    draw = np.random.default_rng(14)
    thing = things(draw, 1)[0]
    row = encoded("image", near(thing, 0.3, draw))[None]
    asked = [QueryVector(encoded("text", thing), "text")]
    scale = CALIBRATION.scales(asked, ["image"], ranking=ranking)["image"]
    usual = scales_for(thing)["image"]
    assert scale.confidence(scale.score_rows(row)[0]) == pytest.approx(
        usual.confidence(usual.score_rows(row)[0])
    )
