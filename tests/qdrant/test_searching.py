"""Every store finds the nearest points, and the words of a text."""

from __future__ import annotations

import pytest
from tests.support.stores import ME, YOU, D, axis, point, point_id

from sensorium.qdrant.backend import Backend, Search


def test_search_finds_the_planted_neighbours(backend: Backend) -> None:
    """Best first, cosines as scores, one list a search, points without the modality left out."""
    backend.upsert(
        [
            point("near", {"image": axis(0)}),
            point("far", {"image": axis(0, weight=0.6)}),
            point("other", {"text": axis(0)}),
        ]
    )
    wanted = [Search("image", 5 * axis(0)[0], 10), Search("text", axis(1)[0], 10)]
    images, texts = backend.search([*wanted], ME)
    assert [hit.id for hit in images] == [point_id("near"), point_id("far")]
    assert [hit.score for hit in images] == pytest.approx([1.0, 0.6], abs=2e-3)
    assert [(hit.id, round(hit.score, 2)) for hit in texts] == [(point_id("other"), 0.0)]
    (first,) = backend.search([Search("image", axis(0)[0], 1)], ME)
    assert [hit.id for hit in first] == [point_id("near")]


def test_the_best_row_counts(backend: Backend) -> None:
    """A recording is as near as its nearest window, however many it has."""
    backend.upsert(
        [
            point("long", {"audio": axis(1, 2, 3, 4, 5)}),
            point("short", {"audio": axis(3, weight=0.8)}),
        ]
    )
    (hits,) = backend.search([Search("audio", axis(3)[0], 10)], ME)
    assert [hit.id for hit in hits] == [point_id("long"), point_id("short")]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.8], abs=2e-3)


def test_an_unknown_modality_finds_nothing(fresh: Backend) -> None:
    """Among other searches its list is empty, and theirs are not moved."""
    fresh.upsert([point("a")])
    smell, image = Search("smell", axis(0)[0], 5), Search("image", axis(0)[0], 5)
    assert [len(hits) for hits in fresh.search([smell, image, smell], ME)] == [0, 1, 0]
    assert fresh.search([], ME) == []
    assert list(fresh.sample("smell", ME, limit=5)) == []


def test_a_rarer_word_ranks_higher(backend: Backend) -> None:
    """BM25: a word of one text counts more than a word of them all; no word, no hit."""
    texts = {"rare": "the dog barks", "common": "the dog sleeps", "more": "the dog eats"}
    backend.upsert([point(name, page_content=text) for name, text in texts.items()])
    found = backend.search_text("Barks dog", ME, limit=10)
    assert found[0].id == point_id("rare")
    assert {hit.id for hit in found} == set(map(point_id, texts))
    assert found[0].score > found[1].score > 0
    assert len(backend.search_text("dog", ME, limit=2)) == 2
    assert backend.search_text("zebra", ME, limit=10) == []
    assert backend.search_text("dog", YOU, limit=10) == []


def test_sample_returns_points_having_the_modality(backend: Backend) -> None:
    """With the vectors of that modality alone, never twice the same, never another's."""
    backend.upsert([point(f"i{k}", {"image": axis(k), "text": axis(1)}) for k in range(8)])
    backend.upsert([point("t", {"text": axis(0)}), point("y", owner="fido")])
    drawn = backend.sample("image", ME, limit=5, payload=["owner"])
    assert len({found.id for found in drawn}) == 5
    for found in drawn:
        assert set(found.vectors) == {"image"}
        assert found.vectors["image"].shape == (1, D)
        assert found.payload == {"owner": "rex"}
    assert len(backend.sample("image", ME, limit=50)) == 8
