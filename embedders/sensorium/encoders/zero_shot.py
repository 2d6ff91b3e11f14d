"""Labelling percepts by the names of the labels alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import ChecksQuestions, Encoder
from sensorium.errors import PerceptValueError, show
from sensorium.percepts import Percept, Text

TEMPLATES = ("{}", "a {}", "the {}")
SCALE = 100.0  # inverse temperature of the softmax over cosines, as CLIP learnt it


@dataclass(frozen=True)
class Prediction:
    """One label for one percept.

    Attributes:
        label: One of the classifier's labels.
        similarity: Cosine of the percept and the label, in [-1, 1].
        probability: Softmax over all labels, in [0, 1]; good for ranking, but not calibrated.
    """

    label: str
    similarity: float
    probability: float


class ZeroShotClassifier:
    """Chooses the label whose name is most similar to a percept, of any modality."""

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
            encoder: Encoder of text, and of the percepts to label.
            labels: Labels to choose from; at least one, all different.
            templates: Sentences with `{}` in place of the label, e.g. `"a photo of a {}"`; the
                vector of a label is the mean of its sentences.
            scale: Inverse temperature of the softmax that gives the probabilities.
        Raises:
            PerceptValueError: Labels are missing or repeated, a template has no `{}`, or either is
                not a sequence of strings.
            BatchError: The encoder cannot encode text.
        """
        for name, strings in {"labels": labels, "templates": templates}.items():
            if not _are_strings(strings):
                raise PerceptValueError(
                    f"{name}={show(strings)}",
                    "a sequence of strings",
                    f'write {name}=["...", "..."]',
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
        if isinstance(encoder, ChecksQuestions):
            for label in labels:
                encoder.check_question(label)
        self.encoder, self.labels, self.scale = encoder, list(labels), scale
        sentences = [Text(form.replace("{}", label)) for label in labels for form in templates]
        vectors = encoder.embed(sentences).reshape(len(labels), len(templates), -1)  # (L, T, D)
        self._label_vectors = normalise(vectors.mean(axis=1))  # (L, D)

    def similarities(self, percepts: Sequence[Percept]) -> np.ndarray:
        """Return the cosine of each percept with each label, `(N, L)`, float32.

        Raises:
            BatchError: Some percepts cannot be encoded.
        """
        similarities: np.ndarray = self.encoder.embed(percepts) @ self._label_vectors.T
        return similarities

    def classify(self, percepts: Sequence[Percept], *, top: int = 5) -> list[list[Prediction]]:
        """Rank the labels for each percept.

        Args:
            percepts: Percepts of the encoder's modalities.
            top: Labels to return for each percept.
        Returns:
            One list for each percept, the most probable label first.
        Raises:
            BatchError: Some percepts cannot be encoded.
        """
        return self._ranked(self.similarities(percepts), top)

    def rank(self, vectors: np.ndarray, *, top: int = 5) -> list[list[Prediction]]:
        """Rank the labels for vectors that exist already, `(N, D)`, unit length; see `classify`."""
        return self._ranked(vectors @ self._label_vectors.T, top)

    def _ranked(self, similarities: np.ndarray, top: int) -> list[list[Prediction]]:
        """Rank the labels by their similarities, `(N, L)`."""
        # The largest similarity is subtracted so that the exponential cannot overflow.
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


def _are_strings(values: object) -> bool:
    # A bare string is refused: Python would take it for a collection of its letters.
    return (
        isinstance(values, Collection)
        and not isinstance(values, str)
        and all(isinstance(value, str) for value in values)
    )
