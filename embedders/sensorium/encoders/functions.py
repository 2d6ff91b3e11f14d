"""Any functions as an encoder: one a modality, from percepts to vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import EncoderBase, Encoding, Vectors
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import (
    SensoriumError,
    UnknownEncoderError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.percepts import Percept

Tower: TypeAlias = Callable[[Sequence[Any]], ArrayLike]  # percepts of one modality to (N, D)
EXTERNAL = "external"  # weights and preprocessing that nobody here knows


class FunctionEncoder(EncoderBase):
    """An encoder made of functions, for models and services that are not Sensorium's own.

    Each percept becomes one vector. A modality without a function is one whose vectors are made
    elsewhere: see `Moment.vectors`.
    """

    def __init__(
        self,
        model: str,
        towers: Mapping[str, Tower | None],
        *,
        dimension: int,
        weights: str = EXTERNAL,
        preprocessing: str = EXTERNAL,
    ) -> None:
        """Name the space, and the function of each modality.

        Args:
            model: Two memories of one model's name can be compared; another name is another space.
            towers: By modality: a function from a list of its percepts to as many rows of
                `dimension` numbers, of any length; several threads may call it. `None` where
                vectors come from elsewhere.
            dimension: Numbers in a vector.
            weights: Digest or revision of the model, where it has one.
            preprocessing: Revision of what the functions do before it.
        Raises:
            VectorError: A dimension that is none.
            UnknownEncoderError: No name, or no dictionary of functions.
            UnsupportedModalityError: A modality without a percept class, or no function of it.
        """
        if isinstance(dimension, bool) or not isinstance(dimension, int) or dimension < 1:
            raise VectorError(f"dimension={dimension!r}", "a whole number from 1", "pass it")
        if not isinstance(towers, Mapping) or not isinstance(model, str) or not model.strip():
            raise UnknownEncoderError(
                f"FunctionEncoder({model!r}, {towers!r})"[:200],
                "the name of a space, and a function for each sense",
                'write FunctionEncoder("name", {"text": function}, dimension=...)',
            )
        self._towers = dict(towers)
        for modality, tower in self._towers.items():
            if modality not in Percept.modalities or not (tower is None or callable(tower)):
                raise UnsupportedModalityError(
                    f"{tower!r} as the tower of {modality!r}"[:200],
                    f"a function, for one of {', '.join(sorted(Percept.modalities))}",
                    'write FunctionEncoder("name", {"text": function}, dimension=...)',
                )
        self._space = EmbeddingSpace(model, weights, preprocessing, dimension)

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """What there are vectors of."""
        return frozenset(self._towers)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch, one call a modality; a percept without a usable row gives its error.

        Raises:
            VectorError: A function returned something else than a row for each of its percepts.
        """
        results: dict[int, Encoding | SensoriumError] = {}
        places: dict[str, list[int]] = {}
        for index, percept in enumerate(percepts):
            places.setdefault(percept.modality, []).append(index)
        for modality, indices in places.items():
            tower = self._towers.get(modality)
            if tower is None:
                results |= dict.fromkeys(indices, self._no_tower(modality))
                continue
            rows = self._rows(tower, modality, [percepts[index] for index in indices])
            for index, row in zip(indices, rows, strict=True):
                results[index] = _encoding(modality, row)
        return [results[index] for index in range(len(percepts))]

    def _rows(self, tower: Tower, modality: str, percepts: Sequence[Percept]) -> Vectors:
        made = tower(percepts)
        try:
            rows = np.asarray(made, np.float32)
        except (TypeError, ValueError) as error:
            raise self._wrong_rows(modality, len(percepts), str(error)) from error
        if rows.shape != (len(percepts), self.dimension):
            raise self._wrong_rows(modality, len(percepts), f"an array of shape {rows.shape}")
        return rows

    def _wrong_rows(self, modality: str, count: int, came: str) -> VectorError:
        return VectorError(
            f"the {modality} function of {self.space.model!r} on {count} percepts: {came}"[:300],
            f"numbers of shape ({count}, {self.dimension})",
            "return one row a percept, and name their true dimension",
        )

    def _no_tower(self, modality: str) -> UnsupportedModalityError:
        known = sorted(name for name, tower in self._towers.items() if tower is not None)
        return UnsupportedModalityError(
            f"a percept of {modality} for {self.space.model!r}",
            f"one it has a function for: {', '.join(known) or 'none'}",
            "leave it out, or pass its vectors with it: Moment(..., vectors={...})",
        )


def _encoding(modality: str, row: Vectors) -> Encoding | VectorError:
    try:
        return Encoding(modality, normalise(row)[None])
    except VectorError as error:
        return error
