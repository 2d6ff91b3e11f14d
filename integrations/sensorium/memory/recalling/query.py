"""A question as vectors: text, percepts, vectors, or a record that answers should resemble."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Encoder, normalise
from sensorium.encoders.encoder import ChecksQuestions, ReadsQuestions, embed_questions
from sensorium.encoders.questions import named_modalities
from sensorium.errors import QueryError, UnsupportedModalityError, show
from sensorium.memory.calibrating.calibration import QueryVector
from sensorium.memory.checks import are_names
from sensorium.percepts import Percept, Text
from sensorium.qdrant.points import Vectors

Query: TypeAlias = (
    "str | Percept | NDArray[np.float32] | Sequence[str | Percept | NDArray[Any] | float]"
)

UNWANTED = -0.25  # weight of what a question leaves out; docs/calibration.md has the figures
NUMBER = (int, float, np.number)


@dataclass(frozen=True)
class Asked:
    """A question as it was read.

    Attributes:
        parts: What is encoded: of words, only what they ask for, if the encoder knows how people
            ask; a percept (a `Text` too) or a vector as it is.
        named: Modalities that the words name, as in "show me pictures of ..."; empty if a part
            names none.
    """

    parts: Sequence[object]
    named: frozenset[str] = frozenset()


def read_query(query: Query | None, encoder: Encoder) -> Asked:
    """Read how a question is put.

    Args:
        query: Words, a percept, a vector `(D,)` (array or list of numbers), or a list of these;
            `None` if nothing is asked, as where a record is compared.
        encoder: Encoder of the memory.
    Raises:
        QueryError: A list without a part.
    """
    if query is None:
        return Asked(())
    parts = _parts(query)
    if not _has_words(parts) or not isinstance(encoder, ReadsQuestions):
        return Asked(parts)
    asked = [encoder.asked_for(part) if isinstance(part, str) else part for part in parts]
    named = [
        named_modalities(part, of) if isinstance(part, str) and isinstance(of, str) else frozenset()
        for part, of in zip(parts, asked, strict=True)
    ]
    return Asked(asked, frozenset().union(*named) if all(named) else frozenset())


@dataclass(frozen=True, eq=False)
class EncodedQuestion:
    """A question as the vectors of one encoder.

    Attributes:
        vectors: One for each of its parts; none if nothing is asked.
        less: Those for other modalities than text, if it leaves something out.
        named: Modalities that its words name.
    """

    vectors: Sequence[QueryVector]
    less: Sequence[QueryVector] = ()
    named: frozenset[str] = frozenset()


def encode_question(
    query: Query | None, encoder: Encoder, weights: Sequence[float] | None = None
) -> EncodedQuestion:
    """Read and encode a question; what it asks is the same for all records it is compared with.

    Args:
        query: As for `read_query`.
        encoder: Encoder of the memory.
        weights: Weight of each part.
    Raises:
        QueryError: As of `query_vectors`.
        EncodingError: A percept cannot be encoded.
    """
    if query is None:
        return EncodedQuestion(())
    asked = read_query(query, encoder)
    vectors = query_vectors(asked, encoder, weights)
    return EncodedQuestion(vectors, excluding_vectors(asked, encoder, weights), asked.named)


def query_vectors(
    asked: Asked, encoder: Encoder, weights: Sequence[float] | None
) -> list[QueryVector]:
    """Turn a question into vectors, one for each of its parts.

    Args:
        asked: The question, as `read_query` returned it.
        encoder: Encoder of the memory.
        weights: Weight of each part; negative ones subtract. By default each weighs 1.
    Raises:
        QueryError: Blank text, a wrong vector, or weights that do not fit; or the encoder
            does not understand the words.
        MissingExtraError: It would with an extra that is not installed.
        EncodingError: A percept cannot be encoded.
    """
    checked = _check_weights(weights, len(asked.parts))
    percepts = [_percept(part) for part in asked.parts]
    texts = [percept.text for percept in percepts if isinstance(percept, Text)]
    if texts and isinstance(encoder, ChecksQuestions):
        for text in texts:
            encoder.check_question(text)
    return _encoded(asked.parts, percepts, checked, encoder)


def excluding_vectors(
    asked: Asked, encoder: Encoder, weights: Sequence[float] | None
) -> list[QueryVector]:
    """Return the vectors for other modalities than text, if a question leaves something out.

    "A fruit, but not a banana": a text may say so in the same words, so that texts are compared
    with the whole question. A picture says of no thing that it is missing: the wanted is compared
    with it, less a part of the unwanted. The parts are not checked: the question is, as a whole.

    Args:
        asked: As for `query_vectors`.
        encoder: Encoder of the memory.
        weights: Weight of each part.
    Returns:
        Vectors of all parts; none if nothing is left out, or the encoder does not read that.
    """
    parts = asked.parts
    if not _has_words(parts) or not isinstance(encoder, ReadsQuestions):
        return []
    expanded: list[tuple[object, float]] = []
    for part, weight in zip(parts, _check_weights(weights, len(parts)), strict=True):
        found = encoder.exclusion_in(part) if isinstance(part, str) and weight > 0 else None
        expanded += (
            [(part, weight)]
            if found is None
            else [(found.wanted, weight), (found.unwanted, UNWANTED * weight)]
        )
    if len(expanded) == len(parts):
        return []
    said, numbers = [part for part, _ in expanded], [weight for _, weight in expanded]
    return _encoded(said, [_percept(part) for part in said], numbers, encoder)


def _encoded(
    parts: Sequence[object],
    percepts: Sequence[Percept | None],
    weights: Sequence[float],
    encoder: Encoder,
) -> list[QueryVector]:
    """Encode the percepts of the parts; `None` stands for a part that is a vector already."""
    # All percepts are encoded in one batch
    asking = [percept for percept in percepts if percept is not None]
    encoded = iter(embed_questions(encoder, asking))
    return [
        QueryVector(_vector(part, encoder.space.dimension), None, weight)
        if percept is None
        else QueryVector(next(encoded), percept.modality, weight)
        for part, percept, weight in zip(parts, percepts, weights, strict=True)
    ]


def _has_words(parts: Sequence[object]) -> bool:
    """Return whether a part is words: a protocol is asked after only then, as that takes time."""
    return any(isinstance(part, str) for part in parts)


def _parts(query: object) -> list[object]:
    if isinstance(query, (str, bytes)) or not isinstance(query, Sequence):
        return [query]
    if not query:
        raise QueryError(
            "a question without parts", "text, a percept or a vector", 'ask recall("the sea")'
        )
    if all(isinstance(part, NUMBER) for part in query):
        return [query]  # a vector, as embeddings of other makers return it
    return list(query)


def _check_weights(weights: Sequence[float] | None, parts: int) -> list[float]:
    if weights is None:
        return [1.0] * parts
    try:
        numbers = [float(weight) if isinstance(weight, NUMBER) else math.nan for weight in weights]
    except (TypeError, OverflowError):  # not a list, or an integer too large for a float
        numbers = []
    if len(numbers) != parts or not all(map(math.isfinite, numbers)):
        raise QueryError(
            f"weights={show(weights)} for {parts} parts",
            "one finite number for each part",
            "pass a list of as many weights as parts",
        )
    return numbers


def _percept(part: object) -> Percept | None:
    """Return the percept to encode for a part of a question; `None` if it is a vector."""
    if isinstance(part, str):
        if not part.strip():
            raise QueryError(
                f"the question {show(part)}",
                "text that is not blank",
                "use timeline() to list without a question",
            )
        return Text(part)
    if isinstance(part, Percept):
        return part
    if isinstance(part, (np.ndarray, list, tuple)):
        return None
    raise QueryError(
        f"a question of type {type(part).__name__}",
        "text, a percept or a vector",
        "wrap a file in its percept, such as Image(path); pass a vector as numpy.array(...)",
    )


def _vector(part: object, dimension: int) -> NDArray[np.float32]:
    try:
        vector = np.asarray(part, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(
            f"a vector that cannot be read ({error})",
            f"{dimension} numbers",
            "pass a numpy array of the memory's encoder",
        ) from error
    if vector.shape != (dimension,) or not np.isfinite(vector).all() or not vector.any():
        raise QueryError(
            f"a vector of shape {vector.shape}",
            f"{dimension} finite numbers that are not all zero",
            "pass a vector of the memory's encoder",
        )
    return normalise(vector)


def vectors_like(rows: Mapping[str, Vectors]) -> list[QueryVector]:
    """Return the vectors that ask for records like one; each of its modalities weighs the same.

    Args:
        rows: Rows of the record by modality, shape `(n, D)`.
    """
    return [
        QueryVector(normalise(stack.mean(axis=0)), modality)
        for modality, stack in sorted(rows.items())
    ]


def check_modalities(wanted: Collection[str] | None, encoder: Encoder) -> list[str]:
    """Return the modalities to search, sorted; by default all of the encoder's.

    Raises:
        UnsupportedModalityError: A modality that the encoder does not have.
        QueryError: An empty list, or not a list of names.
    """
    if wanted is None:
        return sorted(encoder.modalities)
    if not are_names(wanted) or not wanted:
        raise QueryError(
            f"modalities={show(wanted)}", "a list of modalities", 'write modalities=["audio"]'
        )
    unknown = set(wanted) - encoder.modalities
    if unknown:
        raise UnsupportedModalityError(
            f"modalities={sorted(wanted)!r}",
            f"modalities of the encoder: {', '.join(sorted(encoder.modalities))}",
            f"leave out {', '.join(sorted(unknown))}",
        )
    return sorted(set(wanted))
