"""One scale for all modalities: centring, parts of a question, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.unrelated import (
    CALIBRATION,
    GAPS,
    MODALITIES,
    confidence_of,
    encoded,
    near,
    sampled,
    scales_for,
    things,
)

from sensorium.encoders import normalise
from sensorium.errors import QueryError, VectorError
from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import record_score
from sensorium.mini.background import read_background


def test_centring_finds_what_the_modality_gap_hides() -> None:
    """A picture of the thing beats an unrelated sound, though raw cosine says otherwise."""
    draw = np.random.default_rng(1)
    thing = things(draw, 1)[0]
    picture = encoded("image", near(thing, 0.5, draw))
    sound = encoded("audio", things(draw, 1)[0])
    for ranking, winner in (("raw", "audio"), ("centred", "image"), ("z", "image")):
        asked = [QueryVector(encoded("text", thing), "text")]
        scales = CALIBRATION.scales(asked, MODALITIES, ranking=ranking)
        scores = {
            modality: scales[modality].score(float(scales[modality].vector @ row))
            for modality, row in (("image", picture), ("audio", sound))
        }
        assert max(scores, key=scores.__getitem__) == winner


def test_parts_of_a_question_are_centred_apart() -> None:
    """A bark minus a dog's picture asks for the difference of the things, without either gap."""
    first, second = things(np.random.default_rng(5), 2)
    asked = [
        QueryVector(encoded("audio", first), "audio"),
        QueryVector(encoded("image", second), "image", weight=-1.0),
    ]
    scale = CALIBRATION.scales(asked, ["image"])["image"]
    expected = np.concatenate([np.zeros(GAPS), normalise(first - second)])
    np.testing.assert_allclose(scale.vector, expected, atol=1e-6)


def test_a_bare_vector_has_no_centre() -> None:
    """What has no modality is asked as it is, and still gets a calibrated scale."""
    vector = encoded("audio", things(np.random.default_rng(6), 1)[0])
    scale = CALIBRATION.scales([QueryVector(vector, None)], ["image"])["image"]
    np.testing.assert_allclose(scale.vector, vector, atol=1e-6)
    assert scale.calibrated


def test_without_statistics_similarities_stay_raw() -> None:
    """No shipped statistics and too few rows: raw cosine, flagged, and no confidence."""
    draw = np.random.default_rng(15)
    thing = things(draw, 1)[0]
    calibration = Calibration(None, sampled(63, draw))
    scale = scales_for(thing, calibration)["audio"]
    rows = encoded("audio", things(draw, 3))
    similarities = rows @ encoded("text", thing)
    assert not scale.calibrated
    assert scale.confidence(0.9) is None
    assert scale.score(0.4, rows=50) == 0.4
    score, best, similarity, _ = scale.score_rows(rows)
    assert best == similarities.argmax()
    assert score == similarity == pytest.approx(similarities.max())
    assert record_score([(scale, 0.1), (scale, 0.4)]) == (0.4, 1)


def test_every_pair_of_the_shipped_modalities_has_a_scale() -> None:
    """The statistics of sensorium-mini calibrate every pair of modalities, in one question."""
    background = read_background()
    calibration = Calibration(background, Sample.EMPTY)
    draw = np.random.default_rng(19)
    vectors = normalise(draw.standard_normal((len(background.centres), 512)))
    for vector, modality in zip(vectors, background.centres, strict=True):
        scales = calibration.scales([QueryVector(vector, modality)], list(background.centres))
        for scale in scales.values():
            assert scale.calibrated
            assert np.isfinite(scale.score_rows(vectors)[0])
            assert 0 <= confidence_of(scale, scale.score_rows(vectors)[0]) <= 1


def test_questions_that_ask_nothing_are_refused() -> None:
    """Nothing, vectors of two encoders, weights that cancel and unknown rankings are named."""
    vector = encoded("text", things(np.random.default_rng(20), 1)[0])
    one = QueryVector(vector, "text")
    with pytest.raises(VectorError, match="0 query vectors"):
        CALIBRATION.scales([], MODALITIES)
    with pytest.raises(VectorError, match="of shapes"):
        CALIBRATION.scales([one, QueryVector(vector[:10], "text")], MODALITIES)
    with pytest.raises(VectorError, match="cancel"):
        CALIBRATION.scales([one, QueryVector(vector, "text", weight=-1.0)], MODALITIES)
    with pytest.raises(VectorError, match=r"of shapes \[\(10,\)\]"):
        CALIBRATION.scales([QueryVector(vector[:10], "text")], MODALITIES)
    with pytest.raises(QueryError, match="ranking='best'"):
        CALIBRATION.scales([one], MODALITIES, ranking="best")
