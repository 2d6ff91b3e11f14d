"""ImageBind as an `Encoder`: mixed batches in, unit vectors with spans out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from sensorium.encoders import EmbeddingSpace
from sensorium.encoders.batching import BatchedEncoder, Window, checked_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.model import ImageBind
from sensorium.imagebind.preprocess import Profile, windows
from sensorium.percepts import Percept

BATCH = 32  # windows a forward pass on an accelerator
CPU_BATCH = 8  # a CPU gains nothing beyond it


class ImageBindEncoder(BatchedEncoder):
    """Encodes text, images, video, audio, depth, thermal and IMU into ImageBind's space.

    Attributes:
        model: The towers.
        profile: The preprocessing choices; part of the space.
    """

    def __init__(
        self,
        model: ImageBind,
        *,
        name: str = "imagebind",
        profile: Profile | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Wrap a model.

        Args:
            model: Its modalities are the encoder's.
            name: Of the model, in the space's identity.
            profile: By default `Profile()`.
            batch_size: Windows a forward pass; by default 8 on a CPU, else 32.
        Raises:
            EncodingError: A batch size below 1.
        """
        self.model = model
        self.profile = profile or Profile()
        self._name = name
        usual = CPU_BATCH if model.device.type == "cpu" else BATCH
        self.batch_size = checked_batch_size(usual if batch_size is None else batch_size)

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        *,
        config: ImageBindConfig | None = None,
        modalities: Iterable[str] | None = None,
        device: str = "auto",
        dtype: str = "auto",
        profile: Profile | None = None,
        batch_size: int | None = None,
    ) -> ImageBindEncoder:
        """Open a checkpoint as an encoder; for what is not here, make an `ImageBind` and wrap it.

        Args:
            path: As `ImageBind.from_checkpoint`, and the next four.
            config: Sizes; by default a directory's own, else the huge ones.
            modalities: Which to open.
            device: Where the towers go.
            dtype: Precision of the towers.
            profile: By default `Profile()`.
            batch_size: As the constructor.
        Raises:
            WeightsError: As `ImageBind.from_checkpoint`.
        """
        model = ImageBind.from_checkpoint(
            path, config=config, modalities=modalities, device=device, dtype=dtype
        )
        return cls(model, profile=profile, batch_size=batch_size)

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return self.model.config.embedding

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors; reading it from a single-file checkpoint hashes the file."""
        return EmbeddingSpace(
            model=self._name,
            weights=self.model.digest,
            preprocessing=self.profile.name,
            dimension=self.dimension,
        )

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities the model was opened for."""
        return self.model.modalities

    def windows(self, percept: Percept) -> Iterable[Window]:
        """Preprocess one percept by the profile, lazily."""
        return windows(percept, self.profile)

    def forward(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Vectors:
        """Map windows of one modality to unit vectors `(B, D)`."""
        with torch.inference_mode():
            vectors: Vectors = (
                self.model.forward(modalities[0], torch.stack(list(inputs))).cpu().numpy()
            )
        return vectors

    def length(self, inputs: Tensor) -> int:
        """Return where a text's end token is, which has the highest id."""
        return int(inputs.argmax())
