"""Senses for an encoder that has none: what another encoder recognises, said in the host's vectors.

A small encoder's vector of a sound is near the vectors of names of sounds. The names say the same
in any text space: the host's own vectors of them, mixed by how well each fits, are a vector of the
sound in a space that never heard one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import (
    Encoder,
    Encoding,
    Vectors,
    check_percepts,
)
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.encoders.hosted import HostedEncoder, TryEncode, dealt_out
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import EncodingError, SensoriumError, UnsupportedModalityError, show
from sensorium.percepts import Percept, Text

REVISION = "carried1"
# Inverse temperature of the softmax over cosines with the names. Of 10, 20, 40 and 80, chosen on
# recordings that the carrier was trained with; docs/choosing_an_encoder.md has what it gives.
SCALE = 40.0
RIDGE = 1.0  # strength of the regression, chosen on the same recordings among 0.3 to 10
FEWEST = 2  # names to mix

By = Literal["words", "map"]


@runtime_checkable
class KnowsNames(Protocol):
    """An encoder that can list the names of what it recognises."""

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """Names in plain words for each modality but text."""


class _Words(NamedTuple):
    """The names of one modality in both spaces: `(K, C)` of the carrier, `(K, D)` of the host."""

    carrier: Vectors
    host: Vectors

    def carry(self, rows: Vectors) -> Vectors:
        """Mix the host's vectors of names by the softmax of their cosines with each row."""
        odds = SCALE * (_sayable(rows, self.carrier) @ self.carrier.T)  # (N, K)
        shares = np.exp(odds - odds.max(axis=1, keepdims=True))
        mixed: Vectors = shares / shares.sum(axis=1, keepdims=True) @ self.host
        return normalise(mixed)


class _Map(NamedTuple):
    """A ridge regression from the carrier's vectors of some percepts to the host's."""

    carrier: Vectors  # (K, C)
    centre: Vectors  # (C,)
    weights: Vectors  # (C, D)
    offset: Vectors  # (D,)

    @classmethod
    def fitted(cls, carrier: Vectors, host: Vectors) -> _Map:
        """Fit on vectors `(K, C)` and `(K, D)` of the same percepts, in closed form."""
        from sensorium.encoders.binding.ridge import solve  # which only this way needs

        centre, offset = carrier.mean(axis=0), host.mean(axis=0)
        weights = solve((carrier - centre).astype(np.float64), host - offset, RIDGE)
        return cls(carrier, centre, weights.astype(np.float32), offset)

    def carry(self, rows: Vectors) -> Vectors:
        """Map rows `(N, C)` to unit vectors `(N, D)`."""
        return normalise((_sayable(rows, self.carrier) - self.centre) @ self.weights + self.offset)


def _sayable(rows: Vectors, names: Vectors) -> Vectors:
    """Return rows without the dimensions that no name uses, such as what a picture looks like."""
    return normalise(rows * (names != 0).any(axis=0))


class CarriedEncoder(Remade, HostedEncoder):
    """A host encoder with further modalities, which another encoder perceives for it.

    What the host encodes itself stays as it is, bit for bit. A question in words is the host's.
    """

    def __init__(
        self,
        host: Encoder,
        *,
        senses: Encoder,
        by: By = "words",
        names: Mapping[str, Sequence[str]] | None = None,
        examples: Sequence[Percept] = (),
    ) -> None:
        """Put the modalities of `senses` under a host that lacks them.

        Args:
            host: Encoder of the space; it reads text.
            senses: Encoder that carries: it reads text, too, and perceives what the host does not.
            by: `"words"` mixes the host's vectors of the names that fit. `"map"` is a linear map,
                fitted on the names and the examples: better where both have the same text tower.
            names: Names of what can be recognised, by modality; by default those that `senses`
                lists.
            examples: Percepts of modalities that both encode, which `by="map"` is fitted on, too.
        Raises:
            UnsupportedModalityError: The two share no text, or the host lacks nothing.
            EncodingError: No names for a modality, another `by`, or examples that cannot be used.
        """
        self.host, self._senses = host, senses
        self._carried = _to_carry(host, senses)
        known = names if names is not None else getattr(senses, "names", None)
        self._names = _checked_names(known, self._carried, senses)
        if by not in ("words", "map") or (examples and by != "map"):
            raise EncodingError(
                f"by={show(by)} with {len(examples)} examples",
                '"words", or "map", which alone takes examples',
                'write by="map"',
            )
        self._by, self._examples = by, check_percepts(examples)
        self._lock = Lock()
        self._ways: dict[str, _Words | _Map] = {}
        self._space = EmbeddingSpace(
            model=f"{host.space.model}+{senses.space.model}",
            weights=self._digest(),
            preprocessing=f"{REVISION}-{by}",
            dimension=host.space.dimension,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors, by both encoders' spaces and the names."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities of the host, and those that are carried."""
        return self.host.modalities | self._carried

    @property
    def carried(self) -> frozenset[str]:
        """The modalities that the host has of the carrier."""
        return self._carried

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place."""
        return dealt_out(check_percepts(percepts), self._whose)

    def _whose(self, percept: Percept) -> TryEncode:
        if percept.modality in self._carried:
            return self._carry
        return self.host.try_encode if percept.modality in self.host.modalities else self._lack

    def _carry(self, percepts: Sequence[Percept]) -> list[Encoding | SensoriumError]:
        return [self._said(result) for result in self._senses.try_encode(percepts)]

    def _lack(self, percepts: Sequence[Percept]) -> list[Encoding | SensoriumError]:
        return [_lacking(self, each) for each in percepts]

    def _said(self, result: Encoding | SensoriumError) -> Encoding | SensoriumError:
        """Say in the host's space what the carrier perceived."""
        if not isinstance(result, Encoding):
            return result
        way = self._way(result.modality)
        return Encoding(result.modality, way.carry(result.vectors), result.spans)

    def _way(self, modality: str) -> _Words | _Map:
        """Return how a modality is carried; names are encoded when the first percept comes."""
        with self._lock:
            key = modality if self._by == "words" else ""
            if key not in self._ways:
                self._ways[key] = self._words(modality) if key else self._map()
            return self._ways[key]

    def _words(self, modality: str) -> _Words:
        texts = [Text(name) for name in self._names[modality]]
        return _Words(self._senses.embed(texts), self.host.embed(texts))

    def _map(self) -> _Map:
        every = dict.fromkeys(name for names in self._names.values() for name in names)
        shared = self.host.modalities & self._senses.modalities
        strange = [each.modality for each in self._examples if each.modality not in shared]
        if strange:
            raise EncodingError(
                f"examples of {', '.join(sorted(set(strange)))}",
                f"examples of what both encode: {', '.join(sorted(shared))}",
                "leave the others out",
            )
        percepts = [*(Text(name) for name in every), *self._examples]
        return _Map.fitted(self._senses.embed(percepts), self.host.embed(percepts))

    def _digest(self) -> str:
        """Return the SHA-256 of what decides how the carried modalities are said, hex."""
        examples = [each.digest for each in self._examples]
        parts = [self.host.space.to_dict(), self._senses.space.to_dict(), self._names, examples]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _to_carry(host: Encoder, senses: Encoder) -> frozenset[str]:
    """Return the modalities that a host lacks and the other has.

    Raises:
        UnsupportedModalityError: There are none, or no text in which to say them.
    """
    for role, encoder in (("host", host), ("carrier", senses)):
        if "text" not in encoder.modalities:
            raise UnsupportedModalityError(
                f"a {role} that reads no text ({encoder.space.model}: "
                f"{', '.join(sorted(encoder.modalities))})",
                "text in both, as what is recognised is said in words",
                f"choose a {role} that has text",
            )
    lacking = senses.modalities - host.modalities
    if not lacking:
        raise UnsupportedModalityError(
            f"the host {host.space.model!r}, which has all modalities of {senses.space.model!r}",
            "a carrier with a modality that the host lacks",
            "use the host by itself",
        )
    return lacking


def _checked_names(
    known: Mapping[str, Sequence[str]] | None, carried: frozenset[str], senses: Encoder
) -> dict[str, list[str]]:
    names = {modality: list(dict.fromkeys((known or {}).get(modality, ()))) for modality in carried}
    missing = sorted(modality for modality, own in names.items() if len(own) < FEWEST)
    if missing:
        raise EncodingError(
            f"fewer than {FEWEST} names of {', '.join(missing)} for {senses.space.model!r}",
            "names of what it recognises, for each modality that it carries",
            f'pass names={{"{missing[0]}": ["...", "..."]}}',
        )
    return names


def _lacking(encoder: Encoder, percept: Percept) -> UnsupportedModalityError:
    return UnsupportedModalityError(
        f"a percept of modality {percept.modality!r}",
        f"one of {', '.join(sorted(encoder.modalities))}",
        "leave it out, or open an encoder that has this modality",
    )
