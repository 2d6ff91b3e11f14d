"""Recall looks far enough: nothing better is left behind, whatever crowds the first answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest
from tests.support.planted import House, PlantedEncoder, house, picture, sound, words

from sensorium.memory import Hit, Memory, Moment

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
    """Many windows of words nobody asks for: one of them is near any question by luck."""
    return "|".join(f"noise{number}.{i}" for i in range(windows))


def test_long_recordings_do_not_crowd_out_a_short_match(memory: Memory) -> None:
    """However many long recordings are luckier by one row, a short match is found."""
    memory.remember_many(Moment((sound(long_sound(i)),)) for i in range(40))
    memory.remember(sound("dog*0.5 hill cloud"), id="short")
    assert ids(memory.recall("dog", limit=1)) == ["short"]
    assert ids(memory.recall("dog", limit=3))[0] == "short"


def test_an_album_is_one_hit_among_others(memory: Memory) -> None:
    """A record of thirty matching pictures leaves room for ten of one each."""
    memory.remember(*(picture(f"dog p{i}") for i in range(30)), id="album")
    for i in range(10):
        memory.remember(picture(f"dog q{i}"), id=f"single{i}")
    found = ids(memory.recall("dog", limit=8))
    assert len(found) == len(set(found)) == 8


def test_what_is_sure_is_chosen_among_the_sure(memory: Memory) -> None:
    """Confidence is asked before recency and diversity choose, so that they choose among it."""
    old = NOW - timedelta(days=400)
    for i in range(4):
        memory.remember(picture(f"dog*3 a{i}"), at=old + timedelta(minutes=i), id=f"dog{i}")
    memory.remember_many(Moment((picture(f"other{i}"),), at=NOW) for i in range(60))
    sure = set(ids(memory.recall("dog", limit=4, min_confidence=0.5)))
    assert sure == {f"dog{i}" for i in range(4)}
    for wish in ({"half_life": timedelta(days=7)}, {"diversity": 0.7}, {"diversity": 1.0}):
        found = memory.recall("dog", limit=4, min_confidence=0.5, **wish)
        assert set(ids(found)) == sure, wish


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
    assert [one[0] for one in both] == [one[0] for one in alone]
    assert [one[1] for one in both] == pytest.approx([one[1] for one in alone])


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
def test_what_only_words_brought_up_has_a_place(memory: Memory, ranking: str) -> None:
    """A record that no list of the senses reached is ranked by its words, and measured."""
    memory.remember_many(Moment((picture(f"dog n{i}"),)) for i in range(60))
    memory.remember(picture("far"), text="invoice", id="worded")
    found = {
        hit.record.id: hit for hit in memory.recall("dog", keywords="invoice", ranking=ranking)
    }
    assert found["worded"].similarity is not None


def test_what_only_words_brought_up_is_judged_by_its_best_sense(memory: Memory) -> None:
    """Of several senses the best one counts, whichever is looked at last."""
    memory.remember_many(Moment((picture(f"dog n{i}"),)) for i in range(60))
    memory.remember(picture("dog hill cloud"), text="invoice", id="worded")
    found = {hit.record.id: hit for hit in memory.recall("dog", keywords="invoice", limit=5)}
    assert found["worded"].modality == "image"
