"""The words nearest to a vector, for models that start from text. This is retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sensorium.decoders.imagining import Asked, combined
from sensorium.encoders import Encoder
from sensorium.encoders.carried import KnowsNames
from sensorium.encoders.encoder import Vectors
from sensorium.errors import EncodingError, show
from sensorium.percepts import Text

MODALITY = "text"  # whose mean is subtracted where the vector's own modality is not known


@dataclass(frozen=True)
class NearWord:
    """A name near a vector.

    Attributes:
        word: One of the names that were compared.
        similarity: Cosine of the two, centred where the encoder has statistics, in [-1, 1].
    """

    word: str
    similarity: float


def nearest_words(
    asked: Asked,
    *,
    encoder: Encoder,
    words: Sequence[str] | None = None,
    modality: str = MODALITY,
    limit: int = 5,
) -> list[NearWord]:
    """Find the words that lie nearest to a vector; nothing is made up.

    Args:
        asked: Words, a percept, a vector `(D,)` of the encoder's space, or a list of these, which
            are added up.
        encoder: Encoder of the space.
        words: Names to choose from; by default those that the encoder lists.
        modality: Modality of the vector, where the encoder has statistics of several.
        limit: Words to return at most.
    Returns:
        The nearest first.
    Raises:
        EncodingError: No names are known, or the encoder reads no text.
        VectorError: A vector of another dimension.
    """
    known = words
    if known is None and isinstance(encoder, KnowsNames):
        known = [name for names in encoder.names.values() for name in names]
    names = list(dict.fromkeys(known or ()))
    if not names or "text" not in encoder.modalities:
        raise EncodingError(
            f"words={show(words)} for {encoder.space.model!r}",
            "an encoder that reads text, and names to choose from",
            'pass words=["...", "..."]',
        )
    rows = encoder.embed([Text(name) for name in names])  # (K, D)
    vector = combined(asked, encoder, None)[None]
    scores = (_centred(vector, encoder, modality) @ _centred(rows, encoder, MODALITY).T)[0]
    best = (-scores).argsort(kind="stable")[:limit]
    return [NearWord(names[index], float(scores[index])) for index in best]


def _centred(rows: Vectors, encoder: Encoder, modality: str) -> Vectors:
    background = encoder.background
    return rows if background is None else background.centre(rows, modality)
