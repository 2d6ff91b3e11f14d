"""What every encoder does: take percepts, return unit vectors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.background import Background
from sensorium.encoders.questions.negation import Exclusion
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import BatchError, SensoriumError, SourceTypeError
from sensorium.percepts import Percept, Span

Vectors: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Encoding:
    """The vectors of one percept, one for each of its windows.

    Attributes:
        modality: Modality of the percept.
        vectors: Shape `(W, D)`, float32, unit length, read-only, in time order.
        spans: The stretch each window covers, in seconds (in characters for text); empty for a
            still.
    """

    modality: str
    vectors: Vectors = field(repr=False)
    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        # A view is made read-only, so that the caller's own array stays as it is.
        view = self.vectors.view()
        view.flags.writeable = False
        object.__setattr__(self, "vectors", view)

    def __reduce__(self) -> tuple[type[Encoding], tuple[str, Vectors, tuple[Span, ...]]]:
        """Copy and pickle through the constructor, so that a copy is read-only, too."""
        return Encoding, (self.modality, self.vectors, self.spans)

    @property
    def pooled(self) -> Vectors:
        """The percept as one unit vector `(D,)`: the mean of its windows, normalised."""
        if len(self.vectors) == 1:
            only: Vectors = self.vectors[0]
            return only
        return normalise(self.vectors.mean(axis=0))


@runtime_checkable
class Encoder(Protocol):
    """Turns percepts of several modalities into vectors of one space.

    Row i of every result belongs to percept i; an empty batch gives an empty result. A subclass of
    `EncoderBase` has to write only `space`, `modalities` and `try_encode`.
    """

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities it can encode."""

    @property
    def background(self) -> Background | None:
        """Statistics of its vectors, to calibrate scores with; `None` if it ships without."""

    def encode(self, percepts: Sequence[Percept], /) -> list[Encoding]:
        """Encode a batch, keeping the windows of each percept.

        Raises:
            BatchError: Some percepts failed; the error holds them, and the others' encodings.
        """

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place."""

    def embed(self, percepts: Sequence[Percept], /) -> Vectors:
        """Encode a batch to `(N, D)` float32, one unit vector per percept; raises as `encode`."""


@runtime_checkable
class ChecksQuestions(Protocol):
    """An encoder that knows which questions it cannot understand, such as those of a language."""

    def check_question(self, text: str) -> None:
        """Check a question in words before it is asked.

        What is doubtful is told by `sensorium.encoders.noting.note`.

        Raises:
            SensoriumError: The answers would mean nothing.
        """


@runtime_checkable
class EmbedsQuestions(Protocol):
    """An encoder for which a text that asks is not encoded as the same text when it is kept."""

    def embed_questions(self, percepts: Sequence[Percept], /) -> Vectors:
        """Encode what asks to `(N, D)`, as `Encoder.embed` does for what is kept."""


@runtime_checkable
class ReadsQuestions(Protocol):
    """An encoder whose answers gain by knowing how people ask, as a frame dilutes the question."""

    def asked_for(self, question: str) -> str:
        """Return the words of a question that are to be encoded; `strip_frame` finds them.

        Args:
            question: Words, as they were asked.
        Returns:
            "a heron", of "did I ever show you a heron?"; the question itself where it has no frame.
        """

    def exclusion_in(self, asked: str) -> Exclusion | None:
        """Return what is wanted and what is not; `read_exclusion` finds it.

        Args:
            asked: What `asked_for` returned.
        Returns:
            "a bird" and "a heron", of "a bird, but not a heron"; `None` if nothing is left out.
        """


class EncoderBase(ABC):
    """`encode` and `embed` in terms of `try_encode`."""

    @property
    @abstractmethod
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self.space.dimension

    @property
    def background(self) -> Background | None:
        """`None`; an encoder that ships statistics overrides this."""
        return None

    @abstractmethod
    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place."""

    def encode(self, percepts: Sequence[Percept], /) -> list[Encoding]:
        """Encode a batch, keeping the windows of each percept.

        Args:
            percepts: Percepts of the encoder's modalities, in any mixture; not a bare `str`.
        Returns:
            One encoding for each percept, in order.
        Raises:
            BatchError: Some percepts failed; the error holds them, and the others' encodings.
            SourceTypeError: Something in the batch is not a percept.
        """
        return all_encoded(self.try_encode(check_percepts(percepts)))

    def embed(self, percepts: Sequence[Percept], /) -> Vectors:
        """Encode a batch to one unit vector per percept, the mean of its windows.

        Args:
            percepts: Percepts of the encoder's modalities, in any mixture; not a bare `str`.
        Returns:
            Shape `(N, D)`, float32, unit length.
        Raises:
            BatchError: Some percepts cannot be encoded.
            SourceTypeError: Something in the batch is not a percept.
        """
        pooled = [encoding.pooled for encoding in self.encode(percepts)]
        return np.stack(pooled) if pooled else np.empty((0, self.dimension), np.float32)


def embed_questions(encoder: Encoder, percepts: Sequence[Percept]) -> Vectors:
    """Encode percepts that ask to `(N, D)`, in the encoder's own way for these if it has one.

    Raises:
        BatchError: Some percepts cannot be encoded.
    """
    if isinstance(encoder, EmbedsQuestions):
        return encoder.embed_questions(percepts)
    return encoder.embed(percepts)


def all_encoded(results: Sequence[Encoding | SensoriumError]) -> list[Encoding]:
    """Return the encodings of a batch.

    Raises:
        BatchError: Some results are errors; the error holds them, and the others' encodings.
    """
    encodings = [result for result in results if isinstance(result, Encoding)]
    if len(encodings) < len(results):
        raise batch_error(results)
    return encodings


def batch_error(results: Sequence[Encoding | SensoriumError]) -> BatchError:
    """Build the error for a batch in which some results are errors."""
    failures = {i: result for i, result in enumerate(results) if isinstance(result, SensoriumError)}
    first = next(iter(failures))
    return BatchError(
        f"a batch of {len(results)} in which {len(failures)} failed; first, percept {first}: "
        f"{type(failures[first]).__name__}: {failures[first]}",
        "percepts that can all be encoded",
        "see .failures; .results holds the other encodings, and try_encode does not raise",
        failures,
        [result if isinstance(result, Encoding) else None for result in results],
    )


def check_percepts(percepts: Sequence[Percept]) -> list[Percept]:
    """Return a batch as a list after checking that it holds nothing but percepts.

    Raises:
        SourceTypeError: The batch is a bare percept or string, or holds something else.
    """
    if isinstance(percepts, (str, bytes, Percept)):
        raise SourceTypeError(
            f"a single {type(percepts).__name__}",
            "a sequence of percepts",
            'write encode([Text("...")])',
        )
    try:
        batch = list(percepts)
    except TypeError as error:
        raise SourceTypeError(
            f"{type(percepts).__name__} as a batch", "a sequence of percepts", "pass a list"
        ) from error
    for index, percept in enumerate(batch):
        if not isinstance(percept, Percept):
            raise SourceTypeError(
                f"{type(percept).__name__} at index {index} of the batch",
                "a percept (Text, Image, Video, Audio, Depth, Thermal, IMU)",
                "wrap it in one of these classes, which names its modality",
            )
    return batch
