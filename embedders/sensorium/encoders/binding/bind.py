"""Learning a map from features of a new sense to an encoder's space, from pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.binding.bound import BoundEncoder
from sensorium.encoders.binding.contrast import sharpen
from sensorium.encoders.binding.features import RandomConvolutions, recipe_of
from sensorium.encoders.binding.ridge import (
    Matrix,
    Standardised,
    choose,
    nearest,
    solve,
)
from sensorium.encoders.binding.sense import BoundSense, check_alike, cut_windows, feature_rows
from sensorium.encoders.binding.statistics import measure
from sensorium.encoders.encoder import Encoder
from sensorium.errors import (
    PerceptValueError,
    SourceTypeError,
    UnsupportedModalityError,
    show,
)
from sensorium.percepts import Percept, Text
from sensorium.percepts.percept import modality_class

Target: TypeAlias = "str | Percept | Sequence[str]"
Taught: TypeAlias = tuple[Percept, Target]

THOUSANDS = 2_000  # pairs, from which on contrast is tried
FEWEST = 4  # pairs
HELD_OUT = 0.1  # share of the pairs by which contrast is compared with the ridge
METHODS = ("auto", "ridge", "contrast")


def bind(
    name: str,
    features: Callable[[Sequence[Any]], ArrayLike] | None,
    pairs: Iterable[Taught],
    *,
    to: Encoder,
    window: float | None = None,
    method: str = "auto",
    seed: int = 0,
    provenance: Mapping[str, str] | None = None,
) -> BoundEncoder:
    """Add a sense to an encoder, without training a tower: from pairs of a percept and its meaning.

    A ridge regression in closed form maps features to vectors of the encoder. Its strength is the
    one that does best on pairs that are held out in turn. With thousands of pairs it is improved by
    contrast (InfoNCE), if that helps on pairs that are held out. The encoder's other senses stay as
    they are.

    Args:
        name: Modality of the new sense; its percept class exists, for instance a subclass of
            `Series`.
        features: Function of a list of percepts that returns a row of numbers for each; `None` for
            `RandomConvolutions`, which suit any `Series`.
        pairs: Percepts of that modality, each with what it is: words, several words for the same
            thing, or a percept that the encoder knows. All of the same units.
        to: The encoder.
        window: Seconds of a row, for recordings in which the moment matters; they are learned and
            encoded window by window. `None` makes one row of a percept, however long.
        method: `"ridge"`, `"contrast"`, or `"auto"`.
        seed: Of all that is drawn: the same pairs give the same map.
        provenance: What is known of the pairs, such as `{"source": ..., "licence": ...}`.
    Returns:
        The encoder with the new sense.
    Raises:
        UnsupportedModalityError: The encoder has a sense of that name, or cannot encode what the
            percepts are bound to.
        PerceptFormatError: No class has that modality.
        PerceptValueError: Too few pairs, fewer pairs than targets, or one target only; a wrong
            number.
        UnitError: The percepts differ in their units.
        SourceTypeError: Something else than pairs of a percept and its meaning.
        VectorError: The features are not a row of finite numbers for each percept.
        BatchError: What the percepts are bound to cannot be encoded.
    """
    modality_class(name)
    if name in to.modalities:
        raise UnsupportedModalityError(
            f"a sense bound as {name!r} to {to.space.model!r}, which has it",
            "a sense that the encoder lacks",
            "choose another name, and a percept class of its own",
        )
    _check_options(method, window)
    taught = _checked_pairs(name, pairs)
    made = features or RandomConvolutions(channels=_channels(taught[0][0]))
    meant = _meant(taught, to)
    learned = _examples(taught, meant.kinds, window)
    numbers = feature_rows(made, [percept for percept, _ in learned], name)
    kinds = np.array([kind for _, kind in learned], np.intp)
    # As it is saved: what is measured here is what a file gives later
    numbers = numbers.astype(np.float32).astype(np.float64)
    chosen = choose(numbers, meant.rows.astype(np.float64), kinds, seed=seed)
    weights, scale, used = _fitted(
        numbers, meant.rows, kinds, strength=chosen.strength, method=method, seed=seed
    )
    centre = meant.rows[kinds].mean(axis=0, dtype=np.float64)
    held = normalise(chosen.predicted)
    place = held.mean(axis=0)
    shipped = to.background
    middle = None if shipped is None else shipped.centres.get(meant.anchor)
    sense = BoundSense(
        modality=name,
        features=made,
        recipe=recipe_of(made),
        arrays={
            "mean": scale.mean.astype(np.float32),
            "spread": scale.spread.astype(np.float32),
            "weights": weights.astype(np.float32),
            "centre": centre.astype(np.float32),
            "place": place.astype(np.float32),
        },
        units=dict(taught[0][0].units),
        window=window,
        anchor=meant.anchor,
        host=to.space,
        spreads=measure(
            held,
            meant.rows,
            kinds,
            place=place,
            centre=meant.rows.mean(axis=0) if middle is None else middle,
        ),
        report={
            "method": used,
            "strength": chosen.strength,
            "held_out": chosen.held_out,
            "chance": float(np.bincount(kinds).max() / len(kinds)),
            "pairs": len(taught),
            "rows": len(kinds),
            "targets": len(meant.rows),
        },
        provenance={str(key): str(value) for key, value in (provenance or {}).items()},
    )
    return BoundEncoder(to, sense)


class _Meant(NamedTuple):
    """What percepts are bound to.

    Attributes:
        rows: Vector of each target, shape `(K, D)`, unit length.
        kinds: Target of each pair.
        anchor: Modality of the targets.
    """

    rows: NDArray[np.float32]
    kinds: list[int]
    anchor: str


def _check_options(method: str, window: float | None) -> None:
    if method not in METHODS:
        raise PerceptValueError(f"method={show(method)}", f"one of {', '.join(METHODS)}", "pass it")
    number = isinstance(window, (int, float)) and not isinstance(window, bool)
    if window is not None and not (number and math.isfinite(window) and window > 0):
        raise PerceptValueError(f"window={show(window)}", "seconds above 0", "correct it")


def _checked_pairs(name: str, pairs: Iterable[Taught]) -> list[Taught]:
    taught = list(pairs)
    for index, pair in enumerate(taught):
        whole = isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], Percept)
        if not whole or pair[0].modality != name:
            raise SourceTypeError(
                f"pair {index}: {show(pair)}",
                f"a percept of {name}, and what it is",
                f'write bind({name!r}, features, [(recording, "a fan"), ...], to=encoder)',
            )
        check_alike(f"{name} (pair {index})", taught[0][0].units, pair[0].units)
    if len(taught) < FEWEST:
        raise PerceptValueError(
            f"{len(taught)} pairs for {name}", f"{FEWEST} or more", "add pairs: hundreds are good"
        )
    return taught


def _channels(percept: Percept) -> int:
    samples = getattr(percept, "samples", None)
    return int(samples().shape[1]) if callable(samples) else 1


def _meant(taught: Sequence[Taught], encoder: Encoder) -> _Meant:
    """Encode the targets, each once."""
    targets: dict[Any, list[Percept]] = {}
    keys = []
    for index, (_, target) in enumerate(taught):
        words = _as_percepts(target, index)
        keys.append(tuple(word.digest for word in words))
        targets.setdefault(keys[-1], words)
    said = {word.digest: word for words in targets.values() for word in words}
    if len(said) == 1 or len(targets) == 1:
        raise PerceptValueError(
            f"{len(taught)} pairs with one target only",
            "two targets or more: a sense learns what differs",
            "add percepts of another kind",
        )
    if len(taught) < len(said):
        raise PerceptValueError(
            f"{len(taught)} pairs for {len(said)} targets",
            "a pair for each target, at least",
            "add pairs, or leave targets out",
        )
    anchors = {word.modality for word in said.values()}
    if len(anchors) > 1 or not anchors <= encoder.modalities:
        raise UnsupportedModalityError(
            f"targets of {', '.join(sorted(anchors))}",
            f"targets of one of {', '.join(sorted(encoder.modalities))}",
            "bind to words, or to percepts of one other sense",
        )
    vectors = dict(zip(said, encoder.embed(list(said.values())), strict=True))
    rows = [np.stack([vectors[word.digest] for word in words]) for words in targets.values()]
    places = {key: place for place, key in enumerate(targets)}
    means = normalise(np.stack([each.mean(axis=0) for each in rows]))
    return _Meant(means, [places[key] for key in keys], anchors.pop())


def _as_percepts(target: Target, index: int) -> list[Percept]:
    if isinstance(target, Percept):
        return [target]
    words = [target] if isinstance(target, str) else list(target)
    if not words or not all(isinstance(word, str) and word.strip() for word in words):
        raise SourceTypeError(
            f"the target of pair {index}: {show(target)}", "words, or a percept", "name it"
        )
    return [Text(word) for word in words]


def _examples(
    taught: Sequence[Taught], kinds: Sequence[int], window: float | None
) -> list[tuple[Percept, int]]:
    return [
        (part, kind)
        for (percept, _), kind in zip(taught, kinds, strict=True)
        for part, _ in cut_windows(percept, window)
    ]


def _fitted(
    numbers: Matrix,
    rows: NDArray[np.float32],
    kinds: NDArray[np.intp],
    *,
    strength: float,
    method: str,
    seed: int,
) -> tuple[Matrix, Standardised, str]:
    """Fit the map to all examples, by the method that does best on examples that are held out."""
    contrast = method == "contrast"
    whole = rows.astype(np.float64)
    if method == "auto" and len(numbers) >= THOUSANDS:
        order = np.random.default_rng(seed).permutation(len(numbers))
        held, rest = np.split(order, [max(1, int(HELD_OUT * len(order)))])
        found = {}
        for each in (False, True):
            weights, scale = _fit(
                numbers[rest], whole, kinds[rest], strength=strength, contrast=each, seed=seed
            )
            centre = whole[kinds[rest]].mean(axis=0)
            predicted = scale(numbers[held]) @ weights + centre
            found[each] = float((nearest(predicted, whole) == kinds[held]).mean())
        contrast = found[True] > found[False]
    weights, scale = _fit(numbers, whole, kinds, strength=strength, contrast=contrast, seed=seed)
    return weights, scale, "contrast" if contrast else "ridge"


def _fit(
    numbers: Matrix,
    rows: Matrix,
    kinds: NDArray[np.intp],
    *,
    strength: float,
    contrast: bool,
    seed: int,
) -> tuple[Matrix, Standardised]:
    scale = Standardised.of(numbers)
    targets = rows[kinds]
    centre = targets.mean(axis=0)
    weights = solve(scale(numbers), targets - centre, strength)
    if contrast:
        weights = sharpen(weights, centre, scale(numbers), rows, kinds, seed=seed)
    return weights, scale
