"""Recall looks far enough: nothing better is left behind, whatever crowds the first answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from tests.support.planted import (
    House,
    PlantedEncoder,
    house,
    motion,
    picture,
    sound,
    words,
)

from sensorium.memory import Hit, Memory, Moment
from sensorium.memory.layout.ids import point_id
from sensorium.percepts import Percept
from sensorium.qdrant import Ids, Point
from sensorium.qdrant.points import StoredPoint

CALIBRATED = PlantedEncoder(gap=2.0, background=True)
NOW = datetime(2026, 7, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house("edge", tmp_path_factory.mktemp("home"), CALIBRATED) as built:
        yield built


@pytest.fixture
def memory(home: House, request: pytest.FixtureRequest) -> Memory:
    return home.memory(request.node.name[:80], CALIBRATED)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.record.id for hit in hits]


def long_sound(number: int, windows: int = 200) -> str:
    """Many windows of other words: one of them is near any question by luck."""
    return "|".join(f"noise{number}.{i}" for i in range(windows))


def test_long_recordings_do_not_crowd_out_a_short_match(memory: Memory) -> None:
    """However many long recordings are luckier by one row, a short match is found."""
    memory.remember_many(Moment((sound(long_sound(i)),)) for i in range(40))
    memory.remember(sound("dog*0.5 hill cloud"), id="short")
    assert ids(memory.recall("dog", limit=1)) == ["short"]
    assert ids(memory.recall("dog", limit=3))[0] == "short"


@pytest.mark.parametrize("make", [sound, motion, words])
def test_a_stretch_is_as_sure_in_a_long_recording_as_alone(
    memory: Memory, make: Callable[[str], Percept]
) -> None:
    """What matches has the same confidence in a record of one window as among 200 others."""
    memory.remember_many(Moment((make(f"other~{i}"),)) for i in range(5))
    memory.remember(make("bark else*0.5"), id="short")
    noise = [f"noise~{i}" for i in range(200)]
    memory.remember(make("|".join(["bark else*0.5", *noise])), id="long", keep_media=False)
    found = {hit.record.id: hit for hit in memory.recall("bark", limit=3)}
    assert found["long"].confidence == pytest.approx(found["short"].confidence, abs=1e-3)
    assert 0.05 < (found["long"].confidence or 0) < 0.99


def test_an_album_is_one_hit_among_others(memory: Memory) -> None:
    """A record of thirty matching pictures leaves room for ten of one each."""
    memory.remember(*(picture(f"dog p{i}") for i in range(30)), id="album")
    for i in range(10):
        memory.remember(picture(f"dog q{i}"), id=f"single{i}")
    found = ids(memory.recall("dog", limit=8))
    assert len(found) == len(set(found)) == 8


def test_recency_and_diversity_choose_among_certain_hits(memory: Memory) -> None:
    """Uncertain hits are left out before recency and diversity choose."""
    old = NOW - timedelta(days=400)
    for i in range(4):
        memory.remember(picture(f"dog*3 a{i}"), at=old + timedelta(minutes=i), id=f"dog{i}")
    memory.remember_many(Moment((picture(f"other{i}"),), at=NOW) for i in range(60))
    sure = set(ids(memory.recall("dog", limit=4, min_confidence=0.5)))
    assert sure == {f"dog{i}" for i in range(4)}
    for options in ({"half_life": timedelta(days=7)}, {"diversity": 0.7}, {"diversity": 1.0}):
        found = memory.recall("dog", limit=4, min_confidence=0.5, **options)
        assert set(ids(found)) == sure, options


def test_words_are_looked_for_in_every_candidate(memory: Memory) -> None:
    """A text beyond the first answers of the keyword search is rewarded for its words, too."""
    memory.remember_many(Moment(text=f"dog {'dog ' * 5} t{i}") for i in range(60))
    memory.remember(picture("poodle"), text="poodle and a dog", id="best")
    assert ids(memory.recall("poodle", keywords="dog", limit=2))[0] == "best"


@pytest.mark.parametrize("keywords", ["!!!", "nowhere"])
def test_words_that_are_nowhere_change_nothing(memory: Memory, keywords: str) -> None:
    """Hits and scores are those of the question alone."""
    memory.remember(picture("dog"), text="a walk")
    memory.remember(words("cat"))
    alone = [(hit.record.id, hit.score) for hit in memory.recall("dog")]
    both = [(hit.record.id, hit.score) for hit in memory.recall("dog", keywords=keywords)]
    assert [record for record, _ in both] == [record for record, _ in alone]
    assert [score for _, score in both] == pytest.approx([score for _, score in alone])


@pytest.mark.parametrize("ranking", ["centred", "z", "rrf", "dbsf"])
def test_exact_words_lead_in_every_ranking(memory: Memory, ranking: str) -> None:
    """Of two records alike but for their words, the one that holds them comes first."""
    memory.remember(picture("dog"), text="invoice 4711", id="held")
    memory.remember(picture("dog"), text="letter 0815", id="not")
    assert ids(memory.recall("dog", keywords="4711", ranking=ranking))[0] == "held"
    assert memory.recall(keywords="4711")[0].modality == "keywords"


def test_what_resembles_is_found_by_all_of_a_recording(memory: Memory) -> None:
    """The windows beyond those of one point count, too."""
    memory.remember(sound("|".join(["dog"] * 1023 + ["wolf"] * 1500)), id="long")
    memory.remember(picture("wolf"), id="wolf")
    memory.remember(picture("tree"), id="tree")
    assert ids(memory.recall(like="long", limit=1)) == ["wolf"]


@pytest.mark.parametrize("ranking", ["rrf", "dbsf"])
def test_a_record_found_by_keywords_alone_has_a_place(memory: Memory, ranking: str) -> None:
    """A record in no list of the modalities is ranked by its keywords, and measured."""
    memory.remember_many(Moment((picture(f"dog n{i}"),)) for i in range(60))
    memory.remember(picture("far"), text="invoice", id="worded")
    found = {
        hit.record.id: hit for hit in memory.recall("dog", keywords="invoice", ranking=ranking)
    }
    assert found["worded"].similarity is not None


def test_a_record_found_by_keywords_alone_is_judged_by_its_best_modality(memory: Memory) -> None:
    """The best of several modalities counts, whichever is looked at last."""
    memory.remember_many(Moment((picture(f"dog n{i}"),)) for i in range(60))
    memory.remember(picture("dog hill cloud"), text="invoice", id="worded")
    found = {hit.record.id: hit for hit in memory.recall("dog", keywords="invoice", limit=5)}
    assert found["worded"].modality == "image"


@pytest.mark.parametrize("ranking", ["centred", "raw", "rrf"])
def test_a_part_left_behind_by_a_longer_record_is_not_found(memory: Memory, ranking: str) -> None:
    """A point beyond the last part of its record does not answer for it."""
    memory.remember(sound("sea"), id="short", keep_media=False)
    memory.remember(sound("wolf"), id="other", keep_media=False)
    short, other = (
        memory.backend.retrieve(
            [point_id(memory.owner, name)], owner=memory.owner, payload=True, vectors=True
        )[0]
        for name in ("short", "other")
    )
    left_behind = {**short.payload, "part_of": short.id, "part": 1}
    memory.backend.upsert([Point(str(uuid4()), other.vectors, left_behind)])
    assert ids(memory.recall("wolf", ranking=ranking)) == ["other", "short"]
    [hit] = memory.recall("wolf", ranking=ranking, where=Ids((short.id,)))
    found = {hit.record.id: hit for hit in memory.recall("wolf", ranking=ranking)}
    assert found["short"].similarity == hit.similarity


def test_a_recall_asks_little_of_the_store(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stills of one row are read with their vectors; only long things are read a second time."""
    memory.remember_many(Moment((picture(f"dog n{i}"),)) for i in range(30))
    memory.remember(sound("dog|cat|wolf"))
    memory.recall("dog")  # draws the sample
    reads: list[int] = []
    retrieve = memory.backend.retrieve

    def counted(ids: Sequence[str], **options: Any) -> list[StoredPoint]:
        reads.append(len(ids))
        return retrieve(ids, **options)

    monkeypatch.setattr(memory.backend, "retrieve", counted)
    hits = memory.recall("dog", limit=5, modalities=["image"])
    assert [hit.vector is not None for hit in hits] == [True] * 5
    assert reads == [8]  # with what is spare
    reads.clear()
    assert "audio" in {hit.modality for hit in memory.recall("dog|cat|wolf", limit=40)}
    assert len(reads) == 2
