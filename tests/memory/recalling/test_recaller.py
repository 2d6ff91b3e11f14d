"""Recalling: planted answers are found, whichever modality they came by, and nonsense is not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import cycle
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.planted import (
    MAKERS,
    MODALITIES,
    STILLS,
    House,
    depth,
    picture,
    sound,
    thermal,
    words,
)
from tests.support.recalling import BARE, DAY, GAPPED, HOUR, NOON, ids, rows

from sensorium.memory import Memory, Moment
from sensorium.memory.calibrating.calibration import RANKINGS, QueryVector
from sensorium.memory.layout.ids import point_id
from sensorium.percepts import Span
from sensorium.qdrant import Equal, Filter, Not, Point, Present, Range

FILLERS = 120


@pytest.fixture(scope="module")
def crowd(home: House) -> Memory:
    """A memory of many things of each modality; one thing of each modality means something."""
    memory = home.memory("crowd", GAPPED)
    makers = cycle(MAKERS.items())
    fillers = [
        Moment((make(filler(i, name)),))
        for i, (name, make) in zip(range(FILLERS), makers, strict=False)
    ]
    planted = [
        Moment((make(f"{name}thing" if name in STILLS else f"x|{name}thing|y"),), id=name)
        for name, make in MAKERS.items()
    ]
    report = memory.remember_many([*fillers, *planted])
    assert report.new == FILLERS + len(MAKERS)
    return memory


def filler(index: int, modality: str) -> str:
    """Words that nobody asks for; more windows for some."""
    windows = 1 if modality in STILLS else 1 + index % 5
    return "|".join(f"filler~{index}~{window}" for window in range(windows))


# Planted answers


@pytest.mark.parametrize("ranking", RANKINGS)
@pytest.mark.parametrize("modality", MODALITIES)
def test_every_modality_is_found(crowd: Memory, modality: str, ranking: str) -> None:
    """The planted record is first where its modality is searched, with its span, medium and age."""
    [hit] = crowd.recall(f"{modality}thing", limit=1, modalities=[modality], ranking=ranking)
    assert (hit.record.id, hit.modality) == (modality, modality)
    assert hit.calibrated == (ranking != "raw")
    if modality in STILLS:
        assert hit.span is None
    else:
        start = 2 if modality == "text" else 1.0  # characters, or seconds
        assert hit.span == Span(start, start + (len("textthing") if modality == "text" else 1))
    assert hit.medium is not None
    assert hit.medium.modality == modality
    assert abs(datetime.now(timezone.utc) - hit.record.at - hit.age) <= DAY / 1000


@pytest.mark.parametrize("ranking", ["centred", "z"])
@pytest.mark.parametrize("modality", MODALITIES)
def test_modalities_compete_fairly(crowd: Memory, modality: str, ranking: str) -> None:
    """Searched all at once, the planted record is first although texts are nearest to texts."""
    hit = crowd.recall(f"{modality}thing", ranking=ranking)[0]
    assert (hit.record.id, hit.modality) == (modality, modality)
    assert hit.calibrated
    assert hit.confidence is not None
    assert hit.confidence > 0.9


@pytest.mark.parametrize("asked", MODALITIES)
def test_any_modality_can_ask(crowd: Memory, asked: str) -> None:
    """A percept finds what means the same, in every other modality."""
    for modality in MODALITIES:
        hits = crowd.recall(MAKERS[asked](f"{modality}thing"), limit=3)
        assert modality in ids(hits)


def test_similarity_is_the_raw_cosine(crowd: Memory) -> None:
    """Whatever the ranking, it is what numpy says of the question and the best row."""
    everything = rows(crowd)
    for ranking in RANKINGS:
        for modality in ("audio", "image"):
            asked = GAPPED.vector(f"{modality}thing", "text")
            hit = crowd.recall(f"{modality}thing", modalities=[modality], ranking=ranking)[0]
            expected = float((everything[hit.record.id] @ asked).max())
            assert hit.similarity == pytest.approx(expected, abs=1e-3)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(question=st.integers(0, 10_000))
def test_raw_ranking_is_brute_force(crowd: Memory, question: int) -> None:
    """Without calibration, hits and similarities are those of comparing everything."""
    vector = np.random.default_rng(question).normal(size=64).astype(np.float32)
    vector /= np.linalg.norm(vector)
    best = {name: float((stack @ vector).max()) for name, stack in rows(crowd).items()}
    hits = crowd.recall(vector, limit=10, ranking="raw")
    expected = sorted(best.values(), reverse=True)[:10]
    assert [hit.similarity for hit in hits] == pytest.approx(expected, abs=1e-3)
    for hit in hits:
        assert hit.similarity == pytest.approx(best[hit.record.id], abs=1e-3)
        assert hit.score == hit.similarity


def test_centred_ranking_is_brute_force(crowd: Memory) -> None:
    """Exact scores of everything are those of the hits, at least of the best."""
    scales = crowd._calibrator.current(crowd._shelf.setup).scales
    page = crowd.backend.scroll(Filter("crowd"), limit=1000, vectors=True)
    for word in ("filler~3~0", "filler~60~0", "audiothing", "unheard"):
        found = scales([QueryVector(GAPPED.vector(word, "text"), "text")], MODALITIES)
        expected = sorted(
            (
                found[name].score_rows(stack)[0]
                for p in page.points
                for name, stack in p.vectors.items()
            ),
            reverse=True,
        )[:3]
        hits = crowd.recall(word, limit=10)[:3]
        np.testing.assert_allclose([hit.score for hit in hits], expected, atol=2e-3)


# Filters


@pytest.fixture(scope="module")
def day(home: House) -> Memory:
    """A memory with times, tags, sources, words and metadata."""
    memory = home.memory("day", GAPPED)
    memory.remember(
        sound("sea|sea|sea", at=NOON), id="a", tags=["x", "y"], source="s1", metadata={"n": 1}
    )
    memory.remember(
        picture("sea"), text="a quiet day", at=NOON + HOUR, id="b", tags=["x"], metadata={"n": 2}
    )
    memory.remember(text="sea", at=NOON + DAY, id="c", source="s1", metadata={"n": 2.5, "k": True})
    return memory


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({}, "abc"),
    ({"since": NOON}, "abc"),
    ({"since": NOON + timedelta(seconds=2)}, "abc"),  # the sound goes on
    ({"since": NOON + timedelta(seconds=4)}, "bc"),
    ({"until": NOON}, ""),
    ({"until": NOON + timedelta(seconds=1)}, "a"),
    ({"since": NOON + timedelta(seconds=2), "until": NOON + DAY}, "ab"),
    ({"since": (NOON + HOUR).astimezone(timezone(-5 * HOUR))}, "bc"),
    ({"tags": ["x"]}, "ab"),
    ({"tags": ["x", "y"]}, "a"),
    ({"tags": ["z"]}, ""),
    ({"source": "s1"}, "ac"),
    ({"where": {"n": 2}}, "b"),
    ({"where": {"n": [1, 2.5]}}, "ac"),
    ({"where": {"k": True}}, "c"),
    ({"where": Range("metadata.n", gt=1, lte=2.5)}, "bc"),
    ({"where": Not(Present("source"))}, "b"),
    ({"where": Equal("metadata.n", 1) | Equal("tags", "x")}, "ab"),
    ({"text_contains": "DAY quiet"}, "b"),
    ({"text_contains": "quiet night"}, ""),
    ({"with_modalities": ["audio", "thermal"]}, "a"),
    ({"with_modalities": ["text"], "since": NOON + DAY}, "c"),
]


@pytest.mark.parametrize(("options", "expected"), FILTERS)
def test_filters_mean_the_same_everywhere(
    day: Memory, options: dict[str, Any], expected: str
) -> None:
    """Recall, timeline and count agree on what a filter lets through."""
    assert sorted(ids(day.recall("sea", **options))) == list(expected)
    assert [r.id for r in day.timeline(newest_first=False, **options)] == list(expected)
    assert day.count(**options) == len(expected)


def test_timeline_pages_lose_nothing(memory: Memory) -> None:
    """Every record comes once, in order, whatever the page and however many share a time."""
    for i in range(17):
        memory.remember(picture(f"p{i}"), at=NOON + (i // 5) * HOUR, keep_media=False)
    for newest_first in (True, False):
        cursor, seen = None, []
        while True:
            page = memory.timeline(limit=3, newest_first=newest_first, cursor=cursor)
            seen += list(page)
            if (cursor := page.cursor) is None:
                break
        assert len({record.id for record in seen}) == len(seen) == 17
        times = [record.at for record in seen]
        assert times == sorted(times, reverse=newest_first)


# Confidence


@pytest.mark.parametrize("nonsense", ["unheard", "quarterly tax report", "zzz qqq"])
def test_nonsense_finds_nothing(crowd: Memory, nonsense: str) -> None:
    """Nothing fits, and min_confidence says so; what is planted passes."""
    assert crowd.recall(nonsense)
    assert crowd.recall(nonsense, min_confidence=0.5) == []
    hits = crowd.recall("audiothing", min_confidence=0.5)
    assert ids(hits) == ["audio"]
    assert len(crowd.recall("audiothing", min_confidence=0)) == 10


# Fairness


def test_many_modalities_are_no_advantage(memory: Memory) -> None:
    """A record whose one modality fits beats a record whose six modalities do not."""
    for i in range(30):
        percepts = [make(f"other~{i}~{name}") for name, make in MAKERS.items()]
        memory.remember(*percepts, id=f"many{i}", keep_media=False)
    memory.remember(thermal("fire smoke~1*0.6"), id="one")
    hits = memory.recall("fire", limit=3)
    assert ids(hits)[0] == "one"
    both = memory.remember(depth("ice"), picture("other"), id="both").id
    memory.remember(depth("ice snow~1*0.1"), id="alone")
    scores = {hit.record.id: hit.score for hit in memory.recall("ice", limit=2)}
    assert scores.keys() == {both, "alone"}
    assert scores[both] == pytest.approx(scores["alone"], abs=0.05)


def test_a_chance_in_every_modality_is_discounted(memory: Memory) -> None:
    """The same mediocre match counts less if five other modalities might have matched, too."""
    mediocre = "ice else*2"
    others = [make(f"unrelated {n}") for n, make in MAKERS.items() if n not in ("image", "text")]
    memory.remember(picture(mediocre), id="alone")
    memory.remember(picture(mediocre), *others, id="crowded")
    hits = {hit.record.id: hit for hit in memory.recall("ice")}
    assert {hit.modality for hit in hits.values()} == {"image"}
    assert hits["crowded"].similarity == hits["alone"].similarity
    assert hits["crowded"].score < hits["alone"].score - 0.005


@pytest.mark.slow
def test_long_recordings_are_no_advantage(memory: Memory) -> None:
    """A short sound with a fair match beats the luck of hundreds of windows."""
    for i in range(8):
        noise = "|".join(f"noise~{i}~{j}" for j in range(300))
        memory.remember(sound(noise), id=f"long{i}", keep_media=False)
    short = "bark else*2"
    memory.remember(sound(short), id="short")
    bark = BARE.vector("bark", "audio")
    best_noise = max(
        float(BARE.vector(f"noise~{i}~{j}", "audio") @ bark) for i in range(8) for j in range(300)
    )
    similarity = float(BARE.vector(short, "audio") @ bark)
    assert abs(similarity - best_noise) < 0.1  # a close race by cosine
    assert ids(memory.recall("bark", limit=1)) == ["short"]


# The edges


def test_limits(crowd: Memory) -> None:
    """A recall returns at most the limit, each record once, and the same records first."""
    everyone = crowd.recall("audiothing", limit=1000)
    assert len(everyone) == len(set(ids(everyone))) == FILLERS + len(MAKERS)
    scores = [hit.score for hit in everyone]
    assert scores == sorted(scores, reverse=True)
    for limit in (1, 5, 25):
        assert ids(crowd.recall("audiothing", limit=limit))[:3] == ids(everyone)[: min(limit, 3)]


@pytest.mark.parametrize("ranking", RANKINGS)
def test_options_join_in_every_ranking(crowd: Memory, ranking: str) -> None:
    """All of them at once give hits that can be written as JSON, best first."""
    hits = crowd.recall(
        ["audiothing", picture("imagething")],
        weights=[1, 0.5],
        ranking=ranking,
        keywords="thing",
        half_life=DAY,
        diversity=0.3,
        limit=5,
    )
    assert len(hits) == 5
    assert all(np.isfinite(hit.score) for hit in hits)
    assert hits[0].to_dict()["record"]["id"] == hits[0].record.id


def test_a_point_that_continues_the_record_of_another_owner_shows_nothing_of_it(
    home: House, memory: Memory
) -> None:
    """Whoever writes such a point into a shared store does not find the other owner's record."""
    other = home.memory(f"other {uuid4()}", GAPPED)
    other.remember(sound("sea|" * 1100 + "sea"), id="theirs", keep_media=False)
    memory.remember(sound("sea"), id="mine", keep_media=False)
    [point] = memory.backend.retrieve(
        [point_id(memory.owner, "mine")], owner=memory.owner, payload=True, vectors=True
    )
    crafted = {**point.payload, "part_of": point_id(other.owner, "theirs"), "part": 1}
    memory.backend.upsert([Point(str(uuid4()), point.vectors, crafted)])
    for ranking in RANKINGS:
        assert ids(memory.recall("sea", ranking=ranking)) == ["mine"]


def test_an_empty_memory_finds_nothing(memory: Memory) -> None:
    """No hit, no page, no error."""
    assert memory.recall("dog") == memory.recall(keywords="dog") == []
    assert (list(memory.timeline()), memory.count()) == ([], 0)
    assert memory.stats()["first"] is None


def test_without_statistics_scores_are_similarities(
    plain: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """An encoder without a background, few records: said so, and still found."""
    plain.remember(sound("bark|sea"), id="sound")
    plain.remember(words("bark"), id="words")
    hits = plain.recall("sea")
    assert ids(hits)[0] == "sound"
    assert {(hit.calibrated, hit.confidence) for hit in hits} == {(False, None)}
    assert hits[0].score == hits[0].similarity == pytest.approx(1, abs=1e-3)
    assert caplog.text == ""
    assert plain.recall("sea", min_confidence=0.1) == []
    assert "no confidence is known" in caplog.text


def test_a_collection_of_its_own_calibrates(plain: Memory) -> None:
    """Enough records take the place of shipped statistics."""
    plain.remember_many([picture(f"p{i}") for i in range(70)], keep_media=False)
    hit = plain.recall("p33")[0]
    assert (hit.medium.uri if hit.medium else None) == "planted:p33"
    assert hit.calibrated
    assert hit.confidence is not None
    assert hit.confidence > 0.5
