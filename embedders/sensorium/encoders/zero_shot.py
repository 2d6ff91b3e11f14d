"""Naming what was perceived, from words alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import Encoder
from sensorium.errors import PerceptValueError
from sensorium.percepts import Percept, Text

TEMPLATES = ("{}", "a {}", "the {}")
SCALE = 100.0  # inverse temperature of the probabilities: CLIP's, for cosines


@dataclass(frozen=True)
class Prediction:
    """One label for one percept.

    Attributes:
        label: As given.
        similarity: Cosine of the percept and the label, in [-1, 1].
        probability: Softmax over all labels, in [0, 1]; ranks, but is not calibrated.
    """

    label: str
    similarity: float
    probability: float


class ZeroShotClassifier:
    """Chooses among labels by similarity to their names, for any modality of the encoder."""

    def __init__(
        self,
        encoder: Encoder,
        labels: Sequence[str],
        templates: Sequence[str] = TEMPLATES,
        *,
        scale: float = SCALE,
    ) -> None:
        """Encode the labels, each in every template.

        Args:
            encoder: Must encode text.
            labels: At least one, all different.
            templates: Sentences with one `{}` for the label, e.g. `"a photo of a {}"`; a label is
                the mean of its sentences.
            scale: Inverse temperature of the probabilities.
        Raises:
            PerceptValueError: No labels, repeated ones, or a template without `{}`.
            BatchError: The encoder has no text tower.
        """
        if isinstance(labels, str) or not all(isinstance(label, str) for label in labels):
            raise PerceptValueError(
                f"labels={labels!r}", "a sequence of strings", 'write ["dog", "cat"]'
            )
        if not labels or len(set(labels)) < len(labels):
            raise PerceptValueError(
                f"{len(labels)} labels, {len(set(labels))} of them different",
                "at least one, all different",
                "remove repeated labels",
            )
        if not templates or not all("{}" in template for template in templates):
            raise PerceptValueError(
                f"the templates {list(templates)!r}", "{} in each", 'write "a photo of a {}"'
            )
        self.encoder, self.labels, self.scale = encoder, list(labels), scale
        sentences = [Text(form.replace("{}", label)) for label in labels for form in templates]
        vectors = encoder.embed(sentences).reshape(len(labels), len(templates), -1)  # (L, T, D)
        self._label_vectors = normalise(vectors.mean(axis=1))  # (L, D)

    def similarities(self, percepts: Sequence[Percept]) -> np.ndarray:
        """Return the cosine of each percept with each label: `(N, L)`, float32."""
        similarities: np.ndarray = self.encoder.embed(percepts) @ self._label_vectors.T
        return similarities

    def classify(self, percepts: Sequence[Percept], *, top: int = 5) -> list[list[Prediction]]:
        """Name each percept.

        Args:
            percepts: Of any modality of the encoder.
            top: How many labels to return for each.
        Returns:
            One list a percept, the most probable label first.
        Raises:
            BatchError: As `Encoder.encode`.
        """
        similarities = self.similarities(percepts)  # (N, L)
        weights = np.exp(self.scale * (similarities - similarities.max(axis=1, keepdims=True)))
        probabilities = weights / weights.sum(axis=1, keepdims=True)  # (N, L)
        order = np.argsort(-similarities, axis=1, kind="stable")[:, :top]  # (N, top)
        return [
            [
                Prediction(self.labels[j], float(similarities[i, j]), float(probabilities[i, j]))
                for j in row
            ]
            for i, row in enumerate(order)
        ]
