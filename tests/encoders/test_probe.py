"""A model of unknown weights is known by the vector it makes of one sentence."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sensorium.encoders import EmbeddingSpace
from sensorium.encoders.probe import (
    SENTENCE,
    dimension_and_probe,
    probe_from_text,
    probe_of,
    probe_to_text,
)
from sensorium.errors import VectorError

NAMED = EmbeddingSpace("service", "external", "external", 2)


def turned(degrees: float, space: EmbeddingSpace = NAMED) -> EmbeddingSpace:
    """A space whose model turns the sentence by an angle."""
    angle = math.radians(degrees)
    return replace(space, probe=(math.cos(angle), math.sin(angle)))


def test_the_sentence_never_changes() -> None:
    """Collections keep its vector: another sentence would make every model another."""
    assert SENTENCE == "The quick brown fox jumps over the lazy dog."


def test_vectors_decide_and_names_do_not() -> None:
    """Two models of one name are two; one model of two names is one, if it rounds, too."""
    other = replace(NAMED, model="wrapper")
    assert not turned(0).agrees(turned(30))
    assert turned(0).agrees(turned(3, other))
    assert turned(0).likeness(turned(60)) == pytest.approx(0.5)


def test_names_decide_where_a_vector_is_missing() -> None:
    """A model that cannot be asked opens by its name alone."""
    assert turned(0).agrees(NAMED)
    assert NAMED.agrees(turned(0))
    assert not turned(0).agrees(replace(NAMED, model="wrapper"))


def test_known_weights_and_dimensions_always_count() -> None:
    """Two revisions are two spaces, however alike one sentence is."""
    assert not turned(0).agrees(turned(0, replace(NAMED, weights="v2")))
    assert not turned(0).agrees(turned(0, replace(NAMED, preprocessing="v2")))
    assert not turned(0).agrees(replace(NAMED, dimension=3, probe=(1.0, 0.0, 0.0)))


def test_a_probe_is_read_as_it_was_written() -> None:
    """In half precision, which changes no cosine that counts."""
    probe = turned(20).probe
    assert probe is not None
    assert probe_from_text(probe_to_text(probe), 2) == pytest.approx(probe, abs=1e-3)
    for damaged in ("", "?", "AAAA", probe_to_text((0.0, 0.0)), 5, None):
        with pytest.raises(ValueError, match="probe"):
            probe_from_text(damaged, 2)  # type: ignore[arg-type]  # a damaged file


def test_one_embedding_tells_the_dimension_and_the_probe() -> None:
    """Calls of a service are paid for."""
    asked: list[str] = []

    def embed(text: str) -> list[float]:
        asked.append(text)
        return [3.0, 4.0]

    for known in (None, 2):
        dimension, probe = dimension_and_probe(embed, known)
        assert dimension == 2
        assert probe == pytest.approx((0.6, 0.8))
    assert asked == [SENTENCE, SENTENCE]
    with pytest.raises(VectorError, match=r"dimension=3 .* have 2 numbers"):
        dimension_and_probe(embed, 3)


def test_a_model_that_cannot_be_asked_has_no_probe() -> None:
    """Without its dimension it cannot be used, and its own error says why."""

    def embed(text: str) -> list[float]:
        raise ConnectionError("offline")

    assert probe_of(embed) is None
    assert probe_of(lambda text: [0.0, 0.0]) is None
    assert dimension_and_probe(embed, 7) == (7, None)
    with pytest.raises(ConnectionError):
        dimension_and_probe(embed, None)


@pytest.mark.parametrize("fields", [(5, "w", "p", 2), ("m", 5, "p", 2), ("m", "w", "p", "2")])
def test_a_space_is_named_by_text(fields: tuple[str, str, str, int]) -> None:
    """Fields of a damaged file are refused when they are read."""
    with pytest.raises(VectorError, match="an embedding space of"):
        EmbeddingSpace(*fields)
