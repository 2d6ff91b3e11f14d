"""An encoder with another tower in the place of one of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence

import numpy as np

from sensorium.encoders.arithmetic import normalise
from sensorium.encoders.encoder import Encoder, Encoding, Vectors, check_percepts
from sensorium.encoders.handles import Remade
from sensorium.encoders.hosted import HostedEncoder, dealt_out
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import SensoriumError, UnsupportedModalityError, VectorError
from sensorium.percepts import Percept

REVISION = "replaced1"
RIDGE = 1.0  # strength of the regression on unit vectors


class ReplacedEncoder(Remade, HostedEncoder):
    """A host of which some modalities are encoded by another encoder, in a space of its own name.

    The other modalities stay bit for bit. Statistics of the host do not hold for it.
    """

    def __init__(
        self,
        host: Encoder,
        modalities: Collection[str],
        tower: Encoder,
        *,
        examples: Sequence[Percept] = (),
    ) -> None:
        """Put `tower` in the place of the host's towers of some modalities.

        Args:
            host: The encoder.
            modalities: Modalities that the other encodes from now on.
            tower: The other encoder.
            examples: Percepts that both encode, on which a linear map is fitted from its vectors to
                the host's; none if it is of the host's space already.
        Raises:
            UnsupportedModalityError: One of the two lacks a modality, or an example is of another.
            VectorError: Another dimension than the host's, and no examples.
        """
        self.host, self._replaced, self._tower = host, frozenset(modalities), tower
        for encoder in (host, tower):
            if not self._replaced <= encoder.modalities:
                raise UnsupportedModalityError(
                    f"a tower of {', '.join(sorted(self._replaced))} for {encoder.space.model!r}",
                    f"one of {', '.join(sorted(encoder.modalities))}",
                    "choose a modality that both encoders have",
                )
        known = check_percepts(examples)
        strange = {each.modality for each in known} - self._replaced
        if strange:
            raise UnsupportedModalityError(
                f"examples of {', '.join(sorted(strange))}",
                f"examples of {', '.join(sorted(self._replaced))}",
                "leave the others out",
            )
        if not known and tower.space.dimension != host.space.dimension:
            raise VectorError(
                f"vectors of {tower.space.dimension} numbers in a space of {host.space.dimension}",
                "an encoder of that space, or examples on which a map into it is fitted",
                "pass examples=[...], thousands of percepts of the modality",
            )
        self._map = _fitted(tower.embed(known), host.embed(known)) if known else None
        digests = [each.digest for each in known]
        parts = [host.space.to_dict(), tower.space.to_dict(), sorted(self._replaced), digests]
        self._space = EmbeddingSpace(
            f"{host.space.model}+{tower.space.model}",
            hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest(),
            f"{REVISION}-{'-'.join(sorted(self._replaced))}",
            host.space.dimension,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors: another one than the host's."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities of the host."""
        return self.host.modalities

    @property
    def hosted(self) -> frozenset[str]:
        """The modalities that the host still encodes."""
        return self.host.modalities - self._replaced

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        """Encode a batch; a percept that cannot be encoded gives its error in its place."""
        return dealt_out(
            check_percepts(percepts),
            lambda each: self._made if each.modality in self._replaced else self.host.try_encode,
        )

    def _made(self, percepts: Sequence[Percept]) -> list[Encoding | SensoriumError]:
        return [self._mapped(result) for result in self._tower.try_encode(percepts)]

    def _mapped(self, result: Encoding | SensoriumError) -> Encoding | SensoriumError:
        if self._map is None or not isinstance(result, Encoding):
            return result
        return Encoding(result.modality, normalise(result.vectors @ self._map), result.spans)


def _fitted(theirs: Vectors, ours: Vectors) -> Vectors:
    """Return the map `(C, D)` from one encoder's vectors of some percepts to another's."""
    from sensorium.encoders.binding.ridge import solve  # which replacing without examples spares

    return np.asarray(solve(theirs.astype(np.float64), ours.astype(np.float64), RIDGE), np.float32)
