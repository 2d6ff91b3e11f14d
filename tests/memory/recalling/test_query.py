"""Questions become vectors, and questions of the wrong kind are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.support.planted import (
    PlantedEncoder,
    motion,
    picture,
    sound,
)
from tests.support.recalling import GAPPED, ids

from sensorium.encoders import combine
from sensorium.errors import FilterError, QueryError
from sensorium.memory import Memory
from sensorium.memory.filters import conditions
from sensorium.memory.recalling.query import check_modalities, query_vectors, read_query

ENCODER = PlantedEncoder()
QUESTIONS: dict[str, tuple[Any, type[Exception]]] = {
    "a modality that does not exist": (
        lambda: conditions("recall", {"with_modalities": ["smell"]}),
        QueryError,
    ),
    "text for a list of modalities": (
        lambda: conditions("recall", {"with_modalities": "audio"}),
        QueryError,
    ),
    "a number for a list of modalities": (
        lambda: conditions("recall", {"with_modalities": 5}),  # type: ignore[typeddict-item] # the mistake
        QueryError,
    ),
    "a number for a source": (lambda: conditions("recall", {"source": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "a number for a time": (lambda: conditions("recall", {"since": 5}), FilterError),  # type: ignore[typeddict-item] # the mistake
    "text for a time": (lambda: conditions("recall", {"until": "2024"}), FilterError),  # type: ignore[typeddict-item] # same
    "a number for a list of weights": (
        lambda: query_vectors(read_query("sea", ENCODER), ENCODER, 2),  # type: ignore[arg-type] # same
        QueryError,
    ),
    "a weight too large for a float": (
        lambda: query_vectors(read_query("sea", ENCODER), ENCODER, [10**400]),
        QueryError,
    ),
    "weights of text": (
        lambda: query_vectors(read_query("sea", ENCODER), ENCODER, ["1"]),  # type: ignore[list-item] # same
        QueryError,
    ),
    "a vector too large for floats": (
        lambda: query_vectors(read_query([[10**400] * 64], ENCODER), ENCODER, None),  # type: ignore[list-item] # same
        QueryError,
    ),
    "a number for modalities to search": (lambda: check_modalities(5, ENCODER), QueryError),  # type: ignore[arg-type] # same
    "modalities that are lists": (lambda: check_modalities([[]], ENCODER), QueryError),  # type: ignore[list-item] # same
}


@pytest.mark.parametrize(("ask", "error"), QUESTIONS.values(), ids=QUESTIONS)
def test_questions_of_the_wrong_kind_are_refused(ask: Any, error: type[Exception]) -> None:
    """They would find nothing, without a word, or fail with an error that is not ours."""
    with pytest.raises(error):
        ask()


def test_arithmetic(memory: Memory) -> None:
    """Parts are added by their weights; a negative one takes its meaning away."""
    for said in ("dog sea", "dog", "sea", "snow"):
        memory.remember(picture(said), id=said, keep_media=False)
    assert ids(memory.recall(["dog", sound("sea")], limit=1)) == ["dog sea"]
    assert ids(memory.recall(["dog", "sea"], weights=[1, 0.05], limit=1)) == ["dog"]
    assert ids(memory.recall(["dog sea", "dog"], weights=[1, -0.7], limit=1)) == ["sea"]
    [hit] = memory.recall(["dog", "sea"], weights=[3, -1], limit=1, ranking="raw")
    asked = combine(np.stack([GAPPED.vector("dog", "text"), GAPPED.vector("sea", "text")]), [3, -1])
    expected = float(GAPPED.vector(hit.record.id, "image") @ asked)
    assert hit.similarity == pytest.approx(expected, abs=1e-3)


def test_a_vector_asks(memory: Memory) -> None:
    """Of any length: its direction counts."""
    memory.remember(sound("bark"), id="bark")
    memory.remember(sound("sea"), id="sea")
    assert ids(memory.recall(5 * GAPPED.vector("bark", "audio"), limit=1)) == ["bark"]


def test_like_leaves_itself_out(memory: Memory) -> None:
    """More like a record: the nearest of the others, though parts of itself are nearer."""
    memory.remember(sound("sea|" * 1100 + "sea"), picture("sea"), picture("sea sand"), id="long")
    memory.remember(sound("sea gull*0.3"), id="near")
    memory.remember(motion("walk"), id="far")
    assert ids(memory.recall(like="long")) == ["near", "far"]
    assert ids(memory.recall(like="near", limit=1)) == ["long"]
    assert ids(memory.recall(like="long", with_modalities=["imu"])) == ["far"]


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ([0.1, 0.2], r"a vector of shape \(2,\)"),
        ([1, 2.5, True], r"a vector of shape \(3,\)"),
        (7, "a question of type int"),
        (["sea", 0.5], "a question of type float"),
        ([], "a question without parts"),
    ],
)
def test_the_error_says_what_was_asked(question: Any, problem: str) -> None:
    """A vector that came as a list is called one, and not a list of wrong questions."""
    with pytest.raises(QueryError, match=problem):
        query_vectors(read_query(question, ENCODER), ENCODER, None)


def test_a_list_of_numbers_is_a_vector(memory: Memory) -> None:
    """As embeddings of other makers return it; among others, too."""
    memory.remember(sound("bark"), id="bark")
    memory.remember(sound("sea"), id="sea")
    vector = GAPPED.vector("bark", "audio").tolist()
    same: list[Any] = [vector, tuple(vector), [vector], [np.float32(number) for number in vector]]
    for question in same:
        assert ids(memory.recall(question, limit=1)) == ["bark"]
