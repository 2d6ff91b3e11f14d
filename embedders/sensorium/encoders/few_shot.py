"""Labelling percepts from a few examples, where their names alone work too weakly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders.encoder import Encoder
from sensorium.errors import MissingExtraError, PerceptValueError
from sensorium.percepts import Percept

if TYPE_CHECKING:
    from typing_extensions import Self

# Components of unit vectors are small for a logistic regression; this strength suits 1 to 50
# examples of each class.
INVERSE_PENALTY = 100.0
MAX_ITERATIONS = 2000


class FewShotProbe:
    """A logistic regression (scikit-learn's) on an encoder's vectors, for any modality."""

    def __init__(self, encoder: Encoder, *, inverse_penalty: float = INVERSE_PENALTY) -> None:
        """Set up an untrained probe.

        Args:
            encoder: Encoder whose vectors are the features.
            inverse_penalty: scikit-learn's `C`; a larger value trusts the examples more.
        Raises:
            MissingExtraError: scikit-learn is not installed.
        """
        try:
            from sklearn.linear_model import LogisticRegression
        except ImportError as error:
            raise MissingExtraError.for_package("scikit-learn", "few-shot") from error
        self.encoder = encoder
        self._regression: Any = LogisticRegression(C=inverse_penalty, max_iter=MAX_ITERATIONS)

    def fit(self, percepts: Sequence[Percept], labels: Sequence[str]) -> Self:
        """Learn from labelled examples, and forget earlier ones.

        Args:
            percepts: N examples.
            labels: N labels, at least two different ones.
        Raises:
            PerceptValueError: There are not as many labels as percepts, only one class, or labels
                that are not strings.
            BatchError: Some percepts cannot be encoded.
        """
        if len(percepts) != len(labels) or len(set(labels)) < 2:
            raise PerceptValueError(
                f"{len(percepts)} percepts with {len(labels)} labels of {len(set(labels))} classes",
                "one label for each percept, and at least two classes",
                "add examples of another class",
            )
        if not all(isinstance(label, str) for label in labels):
            raise PerceptValueError(
                f"labels such as {labels[0]!r}",
                "strings, which predict returns",
                "write [str(label) for label in labels]",
            )
        self._regression.fit(self.encoder.embed(percepts), list(labels))
        return self

    @property
    def labels(self) -> list[str]:
        """The learnt classes, sorted, in the order of the columns of `probabilities`.

        Raises:
            PerceptValueError: The probe was not fitted yet.
        """
        return [str(label) for label in self._trained().classes_]

    def predict(self, percepts: Sequence[Percept]) -> list[str]:
        """Return the most probable label of each percept.

        Raises:
            PerceptValueError: The probe was not fitted yet.
            BatchError: Some percepts cannot be encoded.
        """
        rows = self.probabilities(percepts)
        names = self.labels
        return [names[index] for index in rows.argmax(axis=1)]

    def probabilities(self, percepts: Sequence[Percept]) -> NDArray[np.float64]:
        """Return the probability of each class: `(N, classes)`; raises as `predict`."""
        regression = self._trained()
        if not percepts:
            return np.empty((0, len(regression.classes_)))
        rows: NDArray[np.float64] = regression.predict_proba(self.encoder.embed(percepts))
        return rows

    def _trained(self) -> Any:
        if not hasattr(self._regression, "classes_"):
            raise PerceptValueError(
                "a probe without examples", "a probe that was fitted", "call fit first"
            )
        return self._regression
