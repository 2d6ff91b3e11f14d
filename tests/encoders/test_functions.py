"""An encoder made of functions keeps the promises of the protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.support.planted import picture, words

from sensorium.encoders import Encoder, Encoding, FunctionEncoder
from sensorium.errors import BatchError, UnknownEncoderError, UnsupportedModalityError, VectorError
from sensorium.memory import Memory
from sensorium.percepts import Image, Text


def lengths(texts: Sequence[Text]) -> list[list[float]]:
    return [[float(len(text.text)), 1.0, 0.0] for text in texts]


def reds(pictures: Sequence[Image]) -> np.ndarray[Any, Any]:
    return np.stack([np.asarray(image.picture()).mean(axis=(0, 1)) for image in pictures])


def test_each_modality_is_one_call_and_rows_keep_their_places() -> None:
    """A mixed batch calls every function once, and row i belongs to percept i."""
    calls: list[int] = []

    def counted(texts: Sequence[Text]) -> list[list[float]]:
        calls.append(len(texts))
        return lengths(texts)

    encoder = FunctionEncoder("mixed", {"text": counted, "image": reds}, dimension=3)
    assert isinstance(encoder, Encoder)
    batch = [words("four"), picture("a"), words("eleven more"), picture("b"), words("")]
    together = encoder.embed(batch)
    assert calls == [3]
    alone = np.concatenate([encoder.embed([percept]) for percept in batch])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(together[0], np.array([4, 1, 0]) / 17**0.5, atol=1e-6)
    assert encoder.embed([]).shape == (0, 3)


def test_a_revision_is_another_space() -> None:
    """Weights and preprocessing are part of the identity, where they are known."""
    revisions: list[dict[str, Any]] = [{}, {"weights": "v1"}, {"preprocessing": "v2"}]
    usual, pinned, later = (
        FunctionEncoder("model", {"text": lengths}, dimension=3, **revision).space
        for revision in revisions
    )
    assert (usual.weights, usual.preprocessing) == ("external", "external")
    assert (pinned.weights, later.preprocessing) == ("v1", "v2")


def test_a_row_without_direction_fails_alone() -> None:
    """Zeros and NaN are the error of their percept; the others are encoded."""
    encoder = FunctionEncoder(
        "sometimes",
        {"text": lambda texts: [[len(t.text), np.log(len(t.text))] for t in texts]},
        dimension=2,
    )
    with np.errstate(divide="ignore"):
        results = encoder.try_encode([words("fine"), words(""), words("good")])
    assert [type(result) for result in results] == [Encoding, VectorError, Encoding]
    with np.errstate(divide="ignore"), pytest.raises(BatchError, match="percept 1"):
        encoder.encode([words("fine"), words("")])


@pytest.mark.parametrize(
    "returned", [[[1.0, 2.0]], [1.0, 2.0, 3.0], [["a", "b"]], [[1.0], [2.0, 3.0]], None]
)
def test_a_function_that_breaks_its_promise_is_named(returned: Any) -> None:
    """Rows of another number or shape are the function's fault, and the message says so."""
    encoder = FunctionEncoder("broken", {"text": lambda _: returned}, dimension=3)
    with pytest.raises(VectorError, match=r"text function of 'broken' on 1 percepts.*\(1, 3\)"):
        encoder.encode([words("any")])


def test_errors_of_a_function_stay_what_they_are() -> None:
    """An error of a service is not changed into an error of Sensorium."""

    def failing(_: Sequence[Text]) -> list[list[float]]:
        raise ValueError("rate limit")

    encoder = FunctionEncoder("service", {"text": failing}, dimension=3)
    with pytest.raises(ValueError, match=r"^rate limit$"):
        encoder.encode([words("any")])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"dimension": 0, "towers": {}}, VectorError),
        ({"dimension": True, "towers": {}}, VectorError),
        ({"dimension": 3, "towers": lengths}, UnknownEncoderError),
        ({"dimension": 3, "towers": {"smell": lengths}}, UnsupportedModalityError),
        ({"dimension": 3, "towers": {"text": "lengths"}}, UnsupportedModalityError),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, error: type[Exception]) -> None:
    """Wrong dimensions, unknown modalities, and objects that cannot be called."""
    with pytest.raises(error):
        FunctionEncoder("none", **arguments)


def test_a_memory_takes_it() -> None:
    """It remembers and recalls with vectors of any dimension, and refuses other modalities."""
    with Memory.open(
        ":memory:", owner="rex", encoder=FunctionEncoder("lengths", {"text": lengths}, dimension=3)
    ) as memory:
        memory.remember(text="four")
        memory.remember(text="a very much longer text")
        assert memory.recall("five!")[0].record.text == "four"
        with pytest.raises(UnsupportedModalityError, match="a percept of image"):
            memory.remember(picture("a"))
