"""Every store ranks texts by the words they hold, with the same scores."""

from __future__ import annotations

import math

import pytest
from tests.support.stores import ME, point, point_id

from sensorium.qdrant.backend import Backend
from sensorium.qdrant.filters import Equal, Filter

# Of 4 texts with 3.5 words on average, two hold "dog", one "river"
TEXTS = {
    "long": "The dog, the Dog and the river",
    "short": "A dog",
    "none": "cats sleep long",
    "other": "no_such thing",
}


def bm25(times: int, having: int, words: int, *, texts: int = 4, usual: float = 3.75) -> float:
    """What a word adds to the score of a text, by the formula of Robertson et al."""
    rarity = math.log(1 + (texts - having + 0.5) / (having + 0.5))
    return rarity * times * 2.2 / (times + 1.2 * (0.25 + 0.75 * words / usual))


def test_scores_are_those_of_the_formula(fresh: Backend) -> None:
    """Words of a question count once, those of other owners not at all, empty texts neither."""
    fresh.upsert([point(name, page_content=text) for name, text in TEXTS.items()])
    fresh.upsert([point("empty"), point("yours", owner="fido", page_content="dog river " * 9)])
    found = {hit.id: hit.score for hit in fresh.search_text("DOG dog, river!", ME, limit=9)}
    if "memory" in str(fresh.stats()["kind"]):
        pytest.skip("in memory, a client counts the words of all owners")
    assert found == {
        point_id("long"): pytest.approx(bm25(2, 2, 7) + bm25(1, 1, 7), rel=1e-4),
        point_id("short"): pytest.approx(bm25(1, 2, 2), rel=1e-4),
    }


def test_conditions_choose_the_texts_but_not_what_is_rare(backend: Backend) -> None:
    """A record that the filter leaves out is not found; the others come in order of their score."""
    backend.upsert([point(name, page_content=text, tags=["t"]) for name, text in TEXTS.items()])
    backend.upsert([point("hidden", page_content="dog")])
    tagged = Filter("rex", Equal("tags", "t"))
    found = backend.search_text("river dog", tagged, limit=9)
    assert [hit.id for hit in found] == [point_id("long"), point_id("short")]
    assert [hit.id for hit in backend.search_text("river dog", tagged, limit=1)] == [
        point_id("long")
    ]
    assert backend.search_text("such", ME, limit=9)[0].id == point_id("other")
    assert backend.search_text("?!", ME, limit=9) == []
