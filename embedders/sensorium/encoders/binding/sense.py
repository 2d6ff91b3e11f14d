"""A bound sense: what was learned, and the vectors that it makes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.background import Background, Pair
from sensorium.encoders.binding.ridge import Matrix, Standardised
from sensorium.encoders.encoder import Encoding
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import (
    SensoriumError,
    UnitError,
    UnsupportedModalityError,
    VectorError,
    show,
)
from sensorium.percepts import Percept, Series, Span

SLACK = 0.01  # relative difference of a measured rate from the one that was bound


@dataclass(frozen=True, eq=False)
class BoundSense:
    """A map from features of one modality to an encoder's space.

    Attributes:
        modality: Name of the sense.
        features: What makes a row of numbers of each percept.
        recipe: What names the features in a file.
        arrays: What was learned, float32: `mean` and `spread` of the features `(F,)`, `weights`
            `(F, D)`, `centre` `(D,)` of the targets, `place` `(D,)`: mean vector of the sense.
        units: Units of the percepts that were bound; others are refused.
        window: Seconds of a row; `None` for one row of the whole percept.
        anchor: Modality of what the percepts were bound to.
        host: Space of the encoder that it belongs to.
        spreads: Cosines of unrelated vectors, as `statistics.measure` returns them.
        report: How it was learned: method, strength, share of held-out pairs that found their
            target, chance, pairs, targets.
        provenance: What the caller says of the pairs: their source, their licence.
    """

    modality: str
    features: Callable[[Sequence[Any]], ArrayLike] = field(repr=False)
    recipe: Mapping[str, Any] = field(repr=False)
    arrays: Mapping[str, NDArray[np.float32]] = field(repr=False)
    units: Mapping[str, Any]
    window: float | None
    anchor: str
    host: EmbeddingSpace
    spreads: Mapping[str, Sequence[float]] = field(repr=False)
    report: Mapping[str, Any]
    provenance: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 of all that makes its vectors, hex."""
        facts = [self.modality, self.recipe, self.units, self.window, self.host.to_dict()]
        whole = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
        for name in sorted(self.arrays):
            whole.update(name.encode() + self.arrays[name].tobytes())
        return whole.hexdigest()

    def try_encode(self, percepts: Sequence[Percept]) -> list[Encoding | SensoriumError]:
        """Encode percepts of the sense; one that cannot be encoded gives its error in its place."""
        results: list[Encoding | SensoriumError | None] = [None] * len(percepts)
        parts: list[tuple[int, Percept, Span | None]] = []
        for index, percept in enumerate(percepts):
            try:
                self.check_units(percept)
                cut = cut_windows(percept, self.window)
                parts += [(index, part, span) for part, span in cut]
            except SensoriumError as error:
                results[index] = error
        rows = self._rows_or_errors([part for _, part, _ in parts])
        for index in sorted({index for index, _, _ in parts}):
            own = [place for place, (owner, _, _) in enumerate(parts) if owner == index]
            spans = tuple(span for place in own if (span := parts[place][2]) is not None)
            results[index] = self._encoding([rows[place] for place in own], spans)
        return [result for result in results if result is not None]

    def check_units(self, percept: Percept) -> None:
        """Check that a percept has the units of those that were bound.

        Raises:
            UnitError: It has another rate or another unit.
        """
        check_alike(self.modality, self.units, percept.units)

    def _encoding(
        self, rows: Sequence[NDArray[np.float32] | SensoriumError], spans: tuple[Span, ...]
    ) -> Encoding | SensoriumError:
        for row in rows:
            if isinstance(row, SensoriumError):
                return row
        return Encoding(self.modality, np.stack([np.asarray(row) for row in rows]), spans)

    def _rows_or_errors(
        self, percepts: Sequence[Percept]
    ) -> Sequence[NDArray[np.float32] | SensoriumError]:
        try:
            return list(self.rows(percepts)) if percepts else []
        except SensoriumError as error:
            if len(percepts) == 1:
                return [error]
        return [self._rows_or_errors([percept])[0] for percept in percepts]

    def rows(self, percepts: Sequence[Percept]) -> NDArray[np.float32]:
        """Return the unit vectors `(N, D)` of percepts, one for each.

        Raises:
            VectorError: The features are of another width, or not finite.
        """
        found = feature_rows(self.features, percepts, self.modality)
        width = len(self.arrays["mean"])
        if found.shape[1] != width:
            raise VectorError(
                f"{found.shape[1]} features of {self.modality}",
                f"{width}, as when it was bound",
                "pass the features that it was bound with",
            )
        scale = Standardised(*(self.arrays[name].astype(float) for name in ("mean", "spread")))
        predicted = scale(found) @ self.arrays["weights"].astype(float) + self.arrays["centre"]
        return normalise(predicted)

    def background(self, shipped: Background | None) -> Background | None:
        """Return an encoder's statistics with those of the sense: where its anchor is, it is."""
        if shipped is None or self.anchor not in shipped.centres:
            return shipped
        raw, centred = dict(shipped.raw), dict(shipped.centred)
        overlap = dict(shipped.overlap)
        for other in [*shipped.centres, self.modality]:
            stand = self.anchor if other == self.modality else other
            for pair, like in (
                ((other, self.modality), (stand, self.anchor)),
                ((self.modality, other), (self.anchor, stand)),
            ):
                raw[pair], centred[pair] = shipped.raw[like], shipped.centred[like]
                overlap[pair] = shipped.overlap[like]
        measured = {
            (self.modality, self.modality): self.spreads["own"],
            (self.modality, self.anchor): self.spreads["anchor"],
            (self.anchor, self.modality): self.spreads["anchor"],
        }
        for pair, numbers in measured.items():
            raw[pair], centred[pair] = Pair(*numbers[:2]), Pair(*numbers[2:])
        centres = {**shipped.centres, self.modality: self.arrays["place"]}
        return Background(centres, raw, centred, overlap, shipped.margins)


def feature_rows(
    features: Callable[[Sequence[Any]], ArrayLike], percepts: Sequence[Percept], modality: str
) -> Matrix:
    """Return features of percepts, shape `(N, F)`, after checking them.

    Raises:
        VectorError: Not one row of finite numbers for each percept.
    """
    made = features(percepts)
    try:
        rows = np.asarray(made, np.float64)
    except (TypeError, ValueError) as error:
        raise _wrong_features(modality, str(error)) from error
    if rows.ndim != 2 or len(rows) != len(percepts) or not rows.shape[1]:
        raise _wrong_features(modality, f"shape {rows.shape} for {len(percepts)} percepts")
    if not np.isfinite(rows).all():
        raise _wrong_features(modality, "NaN or infinity")
    return rows


def _wrong_features(modality: str, came: str) -> VectorError:
    return VectorError(
        f"features of {modality}: {came}", "a row of finite numbers for each", "correct them"
    )


def check_alike(modality: str, bound: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Check that units agree; a measured rate may differ by a hundredth.

    Raises:
        UnitError: A unit differs.
    """
    for name in sorted({*bound, *given}):
        one, other = bound.get(name), given.get(name)
        numbers = all(isinstance(each, (int, float)) for each in (one, other))
        if one == other or (numbers and math.isclose(one, other, rel_tol=SLACK)):  # type: ignore[arg-type]  # both are numbers
            continue
        raise UnitError(
            f"a recording of {modality} with {name}={show(other)}",
            f"{name}={show(one)}, as those that it was bound with",
            "convert it (a rate: resample it), or bind the sense with recordings of this kind",
        )


def cut_windows(percept: Percept, window: float | None) -> list[tuple[Percept, Span | None]]:
    """Cut a percept into windows of equal length, the last of which ends with it.

    Raises:
        UnsupportedModalityError: There is a window, and the percept is no `Series`.
    """
    if percept.still:
        return [(percept, None)]
    if window is None:
        return [(percept, Span(0.0, percept.duration or 0.0))]
    if not isinstance(percept, Series):
        raise UnsupportedModalityError(
            f"windows of {percept.modality}",
            "a percept of a subclass of sensorium.percepts.Series",
            "leave window= out: a percept is one row then",
        )
    size, total = max(1, round(window * percept.rate)), len(percept.samples())
    starts = list(range(0, total - size + 1, size)) or [0]
    if starts[-1] + size < total:
        starts.append(total - size)
    ends = [min(start + size, total) for start in starts]
    rate = percept.rate
    return [
        (percept.cut(start, end), Span(start / rate, end / rate))
        for start, end in zip(starts, ends, strict=True)
    ]
