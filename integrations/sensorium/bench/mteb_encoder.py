"""An encoder as a model of mteb, for its tasks of text, images and sounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import Encoder, load_encoder, normalise
from sensorium.errors import MissingExtraError, UnsupportedModalityError
from sensorium.percepts import Audio, Image, Percept, Text

try:
    from mteb.models.abs_encoder import AbsEncoder
    from mteb.models.model_meta import ModelMeta
except ImportError as error:
    raise MissingExtraError.for_package("mteb", "mteb") from error


class MtebEncoder(AbsEncoder):  # type: ignore[misc]  # mteb ships no type information
    """An encoder that `mteb.evaluate` takes; vectors of an item's parts are averaged."""

    def __init__(
        self,
        model_name: str | Encoder = "sensorium-mini",
        revision: str | None = None,
        *,
        device: str | None = None,
        **_: Any,
    ) -> None:
        """Open an encoder by its name, or take one.

        Args:
            model_name: A name that `load_encoder` knows, or the encoder.
            revision: Named in mteb's results; by default that of the space.
            device: Where a named one is loaded.
        """
        self.model: Encoder = (
            load_encoder(model_name, device=device or "auto")
            if isinstance(model_name, str)
            else model_name
        )
        space = self.model.space
        facts = {
            "name": f"sensorium/{space.model}",
            "revision": revision or space.weights,
            "embed_dim": space.dimension,
            "modalities": sorted({"text", "image", "audio"} & self.model.modalities),
        }
        self.mteb_model_meta = ModelMeta.create_empty(overwrites=facts)

    def encode(self, inputs: Iterable[Mapping[str, Any]], **_: Any) -> NDArray[np.float32]:
        """Encode mteb's batches, in order, shape `(N, D)`."""
        return np.concatenate([self._rows(batch) for batch in inputs])

    def _rows(self, batch: Mapping[str, Any]) -> NDArray[np.float32]:
        parts = [
            self.model.embed([make(each) for each in batch[name]])
            for name, make in READ.items()
            if name in batch
        ]
        if not parts:
            raise UnsupportedModalityError(
                f"a batch of {', '.join(batch)}", f"one of {', '.join(READ)}", "choose another task"
            )
        return parts[0] if len(parts) == 1 else normalise(np.mean(parts, axis=0))


def _sound(item: Mapping[str, Any]) -> Percept:
    return Audio(np.asarray(item["array"], np.float32), rate=int(item["sampling_rate"]))


READ: dict[str, Callable[[Any], Percept]] = {"text": Text, "image": Image, "audio": _sound}
