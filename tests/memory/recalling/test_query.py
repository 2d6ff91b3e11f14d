"""Questions of the wrong kind are refused before anything is searched."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.planted import PlantedEncoder

from sensorium.errors import FilterError, QueryError
from sensorium.memory.filters import conditions
from sensorium.memory.recalling.query import checked_modalities, query_vectors

ENCODER = PlantedEncoder()
QUESTIONS: dict[str, tuple[Any, type[Exception]]] = {
    "a sense nobody has": (
        lambda: conditions("recall", {"with_modalities": ["smell"]}),
        QueryError,
    ),
    "letters for senses": (lambda: conditions("recall", {"with_modalities": "audio"}), QueryError),
    "no senses": (lambda: conditions("recall", {"with_modalities": 5}), QueryError),  # type: ignore[typeddict-item] # the mistake
    "no name": (lambda: conditions("recall", {"source": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "no time": (lambda: conditions("recall", {"since": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "no date": (lambda: conditions("recall", {"until": "2024"}), FilterError),  # type: ignore[typeddict-item] # same
    "no list of weights": (lambda: query_vectors("sea", ENCODER, 2), QueryError),  # type: ignore[arg-type] # same
    "a boundless weight": (lambda: query_vectors("sea", ENCODER, [10**400]), QueryError),
    "weights of text": (lambda: query_vectors("sea", ENCODER, ["1"]), QueryError),  # type: ignore[list-item] # same
    "a boundless vector": (lambda: query_vectors([[10**400] * 64], ENCODER, None), QueryError),  # type: ignore[list-item] # same
    "senses of no kind": (lambda: checked_modalities(5, ENCODER), QueryError),  # type: ignore[arg-type] # same
    "senses that are lists": (lambda: checked_modalities([[]], ENCODER), QueryError),  # type: ignore[list-item] # same
}


@pytest.mark.parametrize(("ask", "error"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions_of_the_wrong_kind_are_refused(ask: Any, error: type[Exception]) -> None:
    """They would find nothing, without a word, or fail with an error that is not ours."""
    with pytest.raises(error):
        ask()
