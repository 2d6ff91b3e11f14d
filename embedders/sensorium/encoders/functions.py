"""An encoder made of functions, one for each modality, from percepts to vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import Encoder, EncoderBase, Encoding, Vectors
from sensorium.encoders.space import EmbeddingSpace
from sensorium.encoders.supervision import check_cancelled, report_windows
from sensorium.errors import (
    SensoriumError,
    UnknownEncoderError,
    UnsupportedModalityError,
    VectorError,
    show,
)
from sensorium.percepts import Percept

Tower: TypeAlias = Callable[[Sequence[Any]], ArrayLike]  # percepts of one modality to (N, D)
EXTERNAL = "external"  # name of weights and preprocessing that are not known here


class FunctionEncoder(EncoderBase):
    """An encoder made of functions, for models and services that are not Sensorium's own.

    Each percept becomes one vector. The vectors of a modality whose function is `None` are made
    elsewhere, and passed with the percepts: see `Moment.vectors`.
    """

    def __init__(
        self,
        model: str,
        towers: Mapping[str, Tower | None],
        *,
        dimension: int,
        weights: str = EXTERNAL,
        preprocessing: str = EXTERNAL,
        probe: Sequence[float] | None = None,
    ) -> None:
        """Name the space, and the function of each modality.

        Args:
            model: Name of the model; vectors of different names are never compared.
            towers: Function of each modality. It takes a list of percepts and returns a row of
                `dimension` numbers for each, which need not have unit length; several threads may
                call it. `None` where vectors come from elsewhere.
            dimension: Numbers in a vector.
            weights: Digest or revision of the model, where it has one.
            preprocessing: Revision of what the functions do before they call the model.
            probe: Vector of one fixed sentence, `sensorium.encoders.probe.SENTENCE`. Where a memory
                has one, too, the two decide whether the model is the same, and not its name.
        Raises:
            VectorError: `dimension` is not a whole number from 1.
            UnknownEncoderError: `model` is empty, or `towers` is not a dictionary.
            UnsupportedModalityError: A modality has no percept class, or its function cannot be
                called.
        """
        if isinstance(dimension, bool) or not isinstance(dimension, int) or dimension < 1:
            raise VectorError(f"dimension={show(dimension)}", "a whole number from 1", "correct it")
        if not isinstance(towers, Mapping) or not isinstance(model, str) or not model.strip():
            raise UnknownEncoderError(
                f"FunctionEncoder({model!r}, {show(towers)})",
                "the name of a model, and a function for each modality",
                'write FunctionEncoder("name", {"text": function}, dimension=...)',
            )
        self._towers = dict(towers)
        for modality, tower in self._towers.items():
            if modality not in Percept.modalities or not (tower is None or callable(tower)):
                raise UnsupportedModalityError(
                    f"{show(tower)} as the tower of {modality!r}",
                    f"a function, for one of {', '.join(sorted(Percept.modalities))}",
                    'write FunctionEncoder("name", {"text": function}, dimension=...)',
                )
        self._space = EmbeddingSpace(
            model, weights, preprocessing, dimension, probe=None if probe is None else tuple(probe)
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities that have a function, or vectors made elsewhere."""
        return frozenset(self._towers)

    @property
    def computed(self) -> frozenset[str]:
        """The modalities that have a function."""
        return frozenset(name for name, tower in self._towers.items() if tower is not None)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch with one call for each modality.

        Args:
            percepts: Percepts of the encoder's modalities, in any mixture.
        Returns:
            One result for each percept, in order; its error, where its row has no direction or its
            modality no function.
        Raises:
            VectorError: A function returned something else than one row for each of its percepts.
            OperationCancelledError: The caller gave it up between two modalities.
        """
        results: dict[int, Encoding | SensoriumError] = {}
        places: dict[str, list[int]] = {}
        for index, percept in enumerate(percepts):
            places.setdefault(percept.modality, []).append(index)
        for modality, indices in places.items():
            check_cancelled()
            tower = self._towers.get(modality)
            if tower is None:
                results |= dict.fromkeys(indices, self._no_tower(modality))
                continue
            rows = self._rows(tower, modality, [percepts[index] for index in indices])
            for index, row in zip(indices, rows, strict=True):
                results[index] = _encoding(modality, row)
            report_windows(len(results), len(percepts))
        return [results[index] for index in range(len(percepts))]

    def _rows(self, tower: Tower, modality: str, percepts: Sequence[Percept]) -> Vectors:
        returned = tower(percepts)
        # Errors of the function itself are its caller's business; only its result is checked.
        try:
            rows = np.asarray(returned, np.float32)
        except (TypeError, ValueError) as error:
            raise self._wrong_rows(modality, len(percepts), str(error)) from error
        if rows.shape != (len(percepts), self.dimension):
            raise self._wrong_rows(modality, len(percepts), f"an array of shape {rows.shape}")
        return rows

    def _wrong_rows(self, modality: str, count: int, came: str) -> VectorError:
        return VectorError(
            f"the {modality} function of {self.space.model!r} on {count} percepts: {came}",
            f"numbers of shape ({count}, {self.dimension})",
            "return one row for each percept, and pass the true dimension",
        )

    def _no_tower(self, modality: str) -> UnsupportedModalityError:
        known = sorted(name for name, tower in self._towers.items() if tower is not None)
        return UnsupportedModalityError(
            f"a percept of {modality} for {self.space.model!r}",
            f"a modality that has a function: {', '.join(known) or 'none has'}",
            "leave it out, or pass its vectors with it: Moment(..., vectors={...})",
        )


def encodable(encoder: Encoder) -> frozenset[str]:
    """Return the modalities that an encoder makes vectors of itself."""
    if isinstance(encoder, FunctionEncoder):
        return encoder.computed
    return encoder.modalities


def _encoding(modality: str, row: Vectors) -> Encoding | VectorError:
    try:
        return Encoding(modality, normalise(row)[None])
    except VectorError as error:
        return error
