"""Calibration with planted vectors: centring, luck, fairness, confidence, and the sample's file."""

from __future__ import annotations

from itertools import product
from math import exp, inf
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sensorium.encoders import Background, normalise
from sensorium.encoders.background import Pair
from sensorium.errors import QueryError, VectorError
from sensorium.memory.calibrating.calibration import Calibration, QueryVector
from sensorium.memory.calibrating.extremes import (
    inverse_log_cdf,
    log_cdf,
    median_of_maximum,
    single_equivalent,
)
from sensorium.memory.calibrating.sample import Sample
from sensorium.memory.calibrating.scale import Scale, record_score
from sensorium.memory.recalling.fusion import fuse_ranks
from sensorium.mini.loading import read_background

Vectors = NDArray[np.float32]
GAPS, MEANING = 4, 252  # dimensions that tell senses apart, and those that tell things apart
GAP = 0.6  # length of a sense's centre
SPREAD = MEANING**-0.5  # of cosines of unrelated things
SENSES = ("text", "image", "audio", "imu")
AXIS = {"text": 0, "audio": 0, "image": 1, "imu": 2}  # texts and sounds look alike to raw cosine
SEEDS = 2000
TOLERANCE = 0.04  # of a share of that many: 3.6 standard deviations


def things(draw: np.random.Generator, count: int) -> Vectors:
    """Unit vectors of random things, `(count, MEANING)`."""
    return normalise(draw.standard_normal((count, MEANING)))


def sensed(sense: str, things: Vectors) -> Vectors:
    """Rows as an encoder makes them: the centre of the sense, and what is special to the thing."""
    gap = np.zeros((*things.shape[:-1], GAPS))
    gap[..., AXIS[sense]] = GAP
    return np.concatenate([gap, (1 - GAP**2) ** 0.5 * things], axis=-1).astype(np.float32)


def near(thing: Vectors, cosine: float, draw: np.random.Generator) -> Vectors:
    """Another thing with that cosine to the first."""
    other = things(draw, 1)[0]
    across = normalise(other - (other @ thing) * thing)
    return (cosine * thing + (1 - cosine**2) ** 0.5 * across).astype(np.float32)


def shipped() -> Background:
    """What is true of all vectors here."""
    pairs = list(product(SENSES, repeat=2))
    centres = {sense: sensed(sense, np.zeros(MEANING, np.float32)) for sense in SENSES}
    spread = dict.fromkeys(pairs, Pair(0.0, SPREAD))
    return Background(centres, spread, spread, dict.fromkeys(pairs, 1.0))


def sampled(count: int, draw: np.random.Generator, *senses: str) -> Sample:
    """A collection of unrelated things."""
    rows = {sense: sensed(sense, things(draw, count)) for sense in senses or SENSES}
    return Sample(rows, dict.fromkeys(rows, count))


CALIBRATION = Calibration(shipped(), Sample.EMPTY)


def scales_for(thing: Vectors, calibration: Calibration = CALIBRATION) -> dict[str, Scale]:
    """What the words for a thing ask every sense."""
    return calibration.scales([QueryVector(sensed("text", thing), "text")], SENSES)


def test_centring_finds_what_the_modality_gap_hides() -> None:
    """A picture of the thing beats an unrelated sound, though raw cosine says otherwise."""
    draw = np.random.default_rng(1)
    thing = things(draw, 1)[0]
    picture = sensed("image", near(thing, 0.5, draw))
    sound = sensed("audio", things(draw, 1)[0])
    for ranking, winner in (("raw", "audio"), ("centred", "image"), ("z", "image")):
        asked = [QueryVector(sensed("text", thing), "text")]
        scales = CALIBRATION.scales(asked, SENSES, ranking=ranking)
        scores = {
            sense: scales[sense].score(float(scales[sense].vector @ row))
            for sense, row in (("image", picture), ("audio", sound))
        }
        assert max(scores, key=scores.__getitem__) == winner


def test_a_score_is_the_centred_cosine() -> None:
    """Scores from the store and exact ones are the cosine of the things; similarity stays raw."""
    draw = np.random.default_rng(2)
    thing = things(draw, 1)[0]
    row = sensed("image", near(thing, 0.7, draw))
    scale = scales_for(thing)["image"]
    score, index, similarity = scale.score_rows(row[None])
    assert score == pytest.approx(0.7, abs=1e-5)
    assert index == 0
    assert similarity == pytest.approx(float(sensed("text", thing) @ row), abs=1e-6)
    assert scale.score(float(scale.vector @ row)) == pytest.approx(score, abs=1e-5)


def test_the_best_row_is_named() -> None:
    """Of a long recording, the row that matches best is the one reported."""
    draw = np.random.default_rng(3)
    thing = things(draw, 1)[0]
    rows = sensed("audio", things(draw, 30))
    rows[17] = sensed("audio", near(thing, 0.8, draw))
    assert scales_for(thing)["audio"].score_rows(rows)[1] == 17


def test_overlap_divides() -> None:
    """A pair of senses that shares half of its length gets its scores doubled."""
    background = shipped()
    halved = {**background.overlap, ("text", "image"): 0.5}
    background = Background(background.centres, background.raw, background.centred, halved)
    draw = np.random.default_rng(4)
    thing = things(draw, 1)[0]
    row = sensed("image", near(thing, 0.4, draw))[None]
    scale = scales_for(thing, Calibration(background, Sample.EMPTY))["image"]
    assert scale.score_rows(row)[0] == pytest.approx(0.8, abs=1e-5)


def test_parts_of_a_question_are_centred_apart() -> None:
    """A bark minus a dog's picture asks for the difference of the things, without either gap."""
    first, second = things(np.random.default_rng(5), 2)
    asked = [
        QueryVector(sensed("audio", first), "audio"),
        QueryVector(sensed("image", second), "image", weight=-1.0),
    ]
    scale = CALIBRATION.scales(asked, ["image"])["image"]
    expected = np.concatenate([np.zeros(GAPS), normalise(first - second)])
    np.testing.assert_allclose(scale.vector, expected, atol=1e-6)


def test_a_bare_vector_has_no_centre() -> None:
    """What has no sense is asked as it is, and still gets a calibrated scale."""
    vector = sensed("audio", things(np.random.default_rng(6), 1)[0])
    scale = CALIBRATION.scales([QueryVector(vector, None)], ["image"])["image"]
    np.testing.assert_allclose(scale.vector, vector, atol=1e-6)
    assert scale.calibrated


def test_many_senses_are_no_advantage_by_luck() -> None:
    """Of unrelated records, one with a single sense beats one with four in half of the cases."""
    draw = np.random.default_rng(7)
    single, fair, best = [], [], []
    for _ in range(SEEDS):
        scales = scales_for(things(draw, 1)[0])
        rows = things(draw, len(SENSES) + 1)
        pairs = [
            (scales[sense], scales[sense].score_rows(sensed(sense, row[None]))[0])
            for sense, row in zip(SENSES, rows, strict=False)
        ]
        single.append(scales["image"].score_rows(sensed("image", rows[-1:]))[0])
        fair.append(record_score(pairs)[0])
        best.append(max(score for _, score in pairs))
    assert np.mean(np.greater(single, fair)) == pytest.approx(0.5, abs=TOLERANCE)
    assert np.mean(np.greater(single, best)) < 0.3  # what it would be without the correction


def test_long_recordings_have_no_advantage_by_luck() -> None:
    """Of unrelated sounds, one of a single row beats one of forty in half of the cases."""
    draw = np.random.default_rng(8)
    short, long = [], []
    for _ in range(SEEDS):
        scale = scales_for(things(draw, 1)[0])["audio"]
        short.append(scale.score_rows(sensed("audio", things(draw, 1)))[0])
        long.append(scale.score_rows(sensed("audio", things(draw, 40)))[0])
    assert np.mean(np.greater(short, long)) == pytest.approx(0.5, abs=TOLERANCE)


@given(
    scores=st.lists(st.floats(-1, 1), min_size=1, max_size=4),
    fewer=st.integers(1, 4),
)
def test_an_equal_match_is_not_lost_by_having_fewer_senses(scores: list[float], fewer: int) -> None:
    """Senses that match less never raise a record's score, and the best one is named."""
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
    rows = sensed("audio", things(draw, 1000))
    rows[500] = sensed("audio", near(thing, 0.9, draw))
    scale = scales_for(thing)["audio"]
    assert 0.85 < scale.score_rows(rows)[0] < 0.9
    assert scale.confidence(scale.score_rows(rows)[0]) > 0.95


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
    asked = [QueryVector(sensed("text", things(np.random.default_rng(11), 1)[0]), "text")]
    scale = CALIBRATION.scales(asked, SENSES, ranking=ranking)["audio"]
    score = scale.score(similarity, rows + more)
    assert np.isfinite(score)
    assert score <= scale.score(similarity, rows) <= scale.score(similarity)


def test_the_best_of_unrelated_points_is_explained_by_luck() -> None:
    """The chance that luck stays below the best of n unrelated points is uniform."""
    draw = np.random.default_rng(12)
    count, chances, confidences = 300, [], []
    calibration = Calibration(shipped(), sampled(count, draw, "image"))
    for _ in range(SEEDS // 4):
        scale = scales_for(things(draw, 1)[0], calibration)["image"]
        rows = sensed("image", things(draw, count))
        best = max(scale.score(similarity) for similarity in (rows @ scale.vector).tolist())
        chances.append(exp(count * log_cdf(scale.deviate(best))))
        confidences.append(scale.confidence(best))
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
        confidences.append(scale.confidence(0.8))
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[1] > 0.95


@pytest.mark.parametrize("ranking", ["centred", "z"])
def test_rankings_agree_on_confidence(ranking: str) -> None:
    """However hits are ranked, the same row gets the same confidence."""
    draw = np.random.default_rng(14)
    thing = things(draw, 1)[0]
    row = sensed("image", near(thing, 0.3, draw))[None]
    asked = [QueryVector(sensed("text", thing), "text")]
    scale = CALIBRATION.scales(asked, ["image"], ranking=ranking)["image"]
    usual = scales_for(thing)["image"]
    assert scale.confidence(scale.score_rows(row)[0]) == pytest.approx(
        usual.confidence(usual.score_rows(row)[0])
    )


def test_without_statistics_similarities_stay_raw() -> None:
    """No shipped statistics and too few rows: raw cosine, flagged, and no confidence."""
    draw = np.random.default_rng(15)
    thing = things(draw, 1)[0]
    calibration = Calibration(None, sampled(63, draw))
    scale = scales_for(thing, calibration)["audio"]
    rows = sensed("audio", things(draw, 3))
    similarities = rows @ sensed("text", thing)
    assert not scale.calibrated
    assert scale.confidence(0.9) is None
    assert scale.score(0.4, rows=50) == 0.4
    assert scale.score_rows(rows) == (
        pytest.approx(similarities.max()),
        similarities.argmax(),
        pytest.approx(similarities.max()),
    )
    assert record_score([(scale, 0.1), (scale, 0.4)]) == (0.4, 1)


def test_a_sample_can_do_alone() -> None:
    """An encoder that ships nothing is calibrated by the collection, as soon as it is large."""
    draw = np.random.default_rng(16)
    thing = things(draw, 1)[0]
    sample = sampled(200, draw)
    scales = scales_for(thing, Calibration(None, sample))
    expected = scales_for(thing)
    row = sensed("image", near(thing, 0.5, draw))[None]
    assert all(scale.calibrated for scale in scales.values())
    assert scales["image"].score_rows(row)[0] == pytest.approx(
        expected["image"].score_rows(row)[0], abs=0.1
    )
    assert scales["image"].unrelated.spread == pytest.approx(SPREAD, rel=0.15)


def test_statistics_lean_towards_the_collection() -> None:
    """A collection of another centre than the shipped one moves it, the more the more is known."""
    draw = np.random.default_rng(17)
    other = sensed("imu", things(draw, 1000))  # pictures that are where motion should be
    distances = []
    for count in (0, 64, 256, 1000):
        sample = Sample({"image": other[:count]}, {"image": count})
        scale = scales_for(things(draw, 1)[0], Calibration(shipped(), sample))["image"]
        distances.append(float(np.linalg.norm(scale.centre - other.mean(axis=0))))
    assert distances == sorted(distances, reverse=True)
    assert distances[2] == pytest.approx(distances[0] / 2, rel=0.1)


def test_what_is_asked_for_does_not_hide_itself() -> None:
    """A third of the collection matching the question hardly widens what counts as unrelated."""
    draw = np.random.default_rng(18)
    thing = things(draw, 1)[0]
    related = np.stack([near(thing, 0.6, draw) for _ in range(85)])
    rows = sensed("image", np.concatenate([things(draw, 171), related]))
    sample = Sample({"image": rows}, {"image": 1000})
    scale = scales_for(thing, Calibration(shipped(), sample))["image"]
    assert scale.unrelated.spread < 1.3 * SPREAD
    assert scale.confidence(0.8) > 0.8


def test_every_pair_of_the_shipped_senses_has_a_scale() -> None:
    """The statistics of sensorium-mini calibrate every sense asked and stored, in one question."""
    background = read_background()
    calibration = Calibration(background, Sample.EMPTY)
    draw = np.random.default_rng(19)
    vectors = normalise(draw.standard_normal((len(background.centres), 512)))
    for vector, sense in zip(vectors, background.centres, strict=True):
        scales = calibration.scales([QueryVector(vector, sense)], list(background.centres))
        for scale in scales.values():
            assert scale.calibrated
            assert np.isfinite(scale.score_rows(vectors)[0])
            assert 0 <= scale.confidence(scale.score_rows(vectors)[0]) <= 1


def test_questions_that_ask_nothing_are_refused() -> None:
    """Nothing, vectors of two encoders, weights that cancel and unknown rankings are named."""
    vector = sensed("text", things(np.random.default_rng(20), 1)[0])
    one = QueryVector(vector, "text")
    with pytest.raises(VectorError, match="0 query vectors"):
        CALIBRATION.scales([], SENSES)
    with pytest.raises(VectorError, match="of shapes"):
        CALIBRATION.scales([one, QueryVector(vector[:10], "text")], SENSES)
    with pytest.raises(VectorError, match="cancel"):
        CALIBRATION.scales([one, QueryVector(vector, "text", weight=-1.0)], SENSES)
    with pytest.raises(VectorError, match=r"of shapes \[\(10,\)\]"):
        CALIBRATION.scales([QueryVector(vector[:10], "text")], SENSES)
    with pytest.raises(QueryError, match="ranking='best'"):
        CALIBRATION.scales([one], SENSES, ranking="best")


@given(st.floats(-60, 25))
def test_chances_and_deviates_undo_each_other(deviate: float) -> None:
    """From a deviate to its chance and back, far into the lower tail."""
    assert inverse_log_cdf(log_cdf(deviate)) == pytest.approx(deviate, rel=1e-6, abs=1e-9)


def test_what_cannot_be_worse_stays_so() -> None:
    """Infinite deviates pass through, so that what was never found stays last."""
    assert single_equivalent(-inf, 50) == -inf
    assert single_equivalent(inf, 50) == inf


@given(deviate=st.floats(-3, 5), count=st.integers(1, 1000))
def test_the_best_of_many_is_as_rare_as_the_formula_says(deviate: float, count: int) -> None:
    """One variate exceeds `single_equivalent` as often as the best of many exceeds the deviate."""
    normal = NormalDist()
    expected = normal.cdf(deviate) ** count
    if expected > 1e-300:
        assert normal.cdf(single_equivalent(deviate, count)) == pytest.approx(expected, rel=1e-6)


@given(st.floats(-100, 100), st.floats(0, 50), st.integers(1, 10**7), st.integers(0, 10**7))
def test_luck_keeps_order(deviate: float, better: float, count: int, more: int) -> None:
    """A better deviate stays better (or equal), and more tries never help."""
    fair = single_equivalent(deviate, count)
    assert fair <= single_equivalent(deviate + better, count) + 1e-9
    assert single_equivalent(deviate, count + more) <= fair + 1e-9
    assert fair <= deviate


def test_the_luckiest_of_many_is_the_median_of_maxima() -> None:
    """Half of all draws of a thousand exceed it."""
    draws = np.random.default_rng(21).standard_normal((1000, 1000)).max(axis=1)
    assert np.mean(draws > median_of_maximum(1000)) == pytest.approx(0.5, abs=0.05)
    assert median_of_maximum(1) == pytest.approx(0.0)


def test_a_sample_survives_its_file(tmp_path: Path) -> None:
    """Counts come back as they were, rows to the precision of float16."""
    sample = sampled(20, np.random.default_rng(22), "audio", "imu")
    sample = Sample(sample.rows, {**sample.counts, "depth": 3}, 45)
    sample.save(tmp_path / "sample.npz")
    read = Sample.load(tmp_path / "sample.npz")
    assert read is not None
    assert read.counts == sample.counts
    assert read.total == 45
    for sense, rows in sample.rows.items():
        np.testing.assert_allclose(read.rows[sense], rows, atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.npz"]


def test_a_damaged_sample_is_none(tmp_path: Path) -> None:
    """Missing, truncated, pickled or foreign files are not believed."""
    path = tmp_path / "sample.npz"
    assert Sample.load(path) is None
    sampled(5, np.random.default_rng(23), "audio").save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole), 101):
        path.write_bytes(whole[:end])
        assert Sample.load(path) is None
    np.savez(path, numbers=np.array([{"audio": 1}], dtype=object))
    assert Sample.load(path) is None
    np.save(path.with_suffix(".npy"), np.ones(3))
    assert Sample.load(path.with_suffix(".npy")) is None


def test_a_flipped_bit_is_never_believed(tmp_path: Path) -> None:
    """Whatever byte of the file is wrong, what is read is the sample or nothing."""
    path = tmp_path / "sample.npz"
    rows = np.eye(2, 8, dtype=np.float32)
    Sample({"audio": rows}, {"audio": 2}, 15).save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :])
        read = Sample.load(path)
        if read is not None:
            assert read.counts == {"audio": 2}
            assert read.total == 15
            assert all(np.array_equal(found, rows) for found in read.rows.values())


@pytest.mark.parametrize(
    "bad",
    [
        Sample({"audio": np.full((3, 8), np.nan, np.float32)}, {"audio": 3}),
        Sample({"audio": np.ones((3, 8), np.float32)}, {"audio": 3}),
        Sample({"audio": np.eye(1, 8, dtype=np.float32)}, {"audio": -3}),
        Sample({"audio": np.eye(1, 8, dtype=np.float32)}, {"audio": 3}, -1),
        Sample(
            {"audio": np.eye(1, 8, dtype=np.float32), "imu": np.eye(1, 9, dtype=np.float32)},
            {"audio": 3, "imu": 3},
        ),
    ],
    ids=["nan", "not unit", "negative count", "negative total", "two dimensions"],
)
def test_a_senseless_sample_is_none(bad: Sample, tmp_path: Path) -> None:
    """A file that can be read but whose numbers cannot be is not believed either."""
    bad.save(tmp_path / "sample.npz")
    assert Sample.load(tmp_path / "sample.npz") is None


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where the file cannot be put in its place, the error is told and no litter stays."""
    place = tmp_path / "sample.npz"
    (place / "occupied").mkdir(parents=True)
    with pytest.raises(OSError, match=r"sample\.npz"):
        sampled(2, np.random.default_rng(24), "audio").save(place)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.npz"]


def test_reciprocal_ranks_add_up() -> None:
    """What two senses found beats what one put first; the sense of the better rank is named."""
    lists = {"image": [("a", 0.9), ("b", 0.5)], "audio": [("c", 0.4), ("d", 0.3), ("b", 0.2)]}
    fused = fuse_ranks(lists, method="rrf")
    assert fused[0] == ("b", pytest.approx(1 / 62 + 1 / 63), "image")
    assert [found for found, *_ in fused] == ["b", "a", "c", "d"]


def test_distributions_are_put_on_one_scale() -> None:
    """Each list counts by its own mean and spread, whatever its range."""
    lists = {
        "image": [("a", 0.9), ("b", 0.7)],
        "audio": [("c", 9.0), ("d", 7.0)],
        "imu": [("e", 1.0)],
    }
    fused = {found: score for found, score, _ in fuse_ranks(lists, method="dbsf")}
    assert fused["a"] == pytest.approx(fused["c"]) == pytest.approx(0.5 + 1 / 6)
    assert fused["b"] == pytest.approx(fused["d"]) == pytest.approx(0.5 - 1 / 6)
    assert fused["e"] == 0.5


@pytest.mark.parametrize("method", ["rrf", "dbsf"])
def test_nothing_found_is_nothing_fused(method: str) -> None:
    """Empty lists fuse to an empty one."""
    assert fuse_ranks({"image": [], "audio": []}, method=method) == []


def test_unknown_fusions_are_refused() -> None:
    """The methods there are are named."""
    with pytest.raises(QueryError, match="rrf, dbsf"):
        fuse_ranks({}, method="centred")
