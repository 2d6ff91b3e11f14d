"""ImageBind as an `Encoder`: takes mixed batches, returns unit vectors with their spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from sensorium.encoders import EmbeddingSpace, Encoder
from sensorium.encoders.batching import BatchedEncoder, Window, check_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.encoders.handles import Remade
from sensorium.encoders.replaced import ReplacedEncoder
from sensorium.imagebind.config import TOWER_OF, ImageBindConfig
from sensorium.imagebind.model import ImageBind
from sensorium.imagebind.preprocess import Profile, windows
from sensorium.imagebind.stems import POSITIONS
from sensorium.percepts import Percept

BATCH = 32  # windows in a forward pass on an accelerator
INT8 = "-int8"  # behind the name of a model in the space of its int8 towers
CPU_BATCH = 8  # windows in a forward pass on a CPU, which gains nothing from more


class ImageBindEncoder(Remade, BatchedEncoder):
    """Encodes text, images, video, audio, depth, thermal and IMU into ImageBind's space.

    Attributes:
        model: The model with its towers.
        profile: The choices of the preprocessing, which are part of the space.
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
            model: The model; the encoder has its modalities.
            name: Name of the model, which is part of the space's identity.
            profile: Choices of the preprocessing; by default `Profile()`.
            batch_size: Windows in a forward pass; by default 8 on a CPU, else 32. Of short texts
                it takes as many as make the tokens of so many long ones.
        Raises:
            EncodingError: The batch size is below 1.
        """
        self.model = model
        self.profile = profile or Profile()
        self._name = name
        usual = CPU_BATCH if model.device.type == "cpu" else BATCH
        self.batch_size = check_batch_size(usual if batch_size is None else batch_size)

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
        """Open a checkpoint as an encoder.

        To pass other options, make an `ImageBind` and wrap it.

        Args:
            path: Path of the file, or of a directory that `sensorium weights convert` wrote.
            config: Sizes of the model; by default the directory's own, else
                `ImageBindConfig.huge()`.
            modalities: Modalities to open; by default all, or all whose tower has a file in the
                directory.
            device: Device of the towers, as `ImageBind.from_checkpoint` takes it.
            dtype: Precision of the towers, as `ImageBind.from_checkpoint` takes it.
            profile: Choices of the preprocessing; by default `Profile()`.
            batch_size: Windows in a forward pass; by default 8 on a CPU, else 32. Of short texts
                it takes as many as make the tokens of so many long ones.
        Raises:
            WeightsError: `ImageBind.from_checkpoint` cannot read the checkpoint.
            EncodingError: An unknown device or dtype, or a batch size below 1.
            UnsupportedModalityError: An unknown modality.
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
        """The space of its vectors; for a checkpoint in a single file, the weights are hashed.

        Float precisions are one space. Vectors of int8 towers are not mixed with theirs.
        """
        return EmbeddingSpace(
            model=f"{self._name}{INT8 if self.model.int8 else ''}",
            weights=self.model.digest,
            preprocessing=self.profile.name,
            dimension=self.dimension,
        )

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities the model was opened for."""
        return self.model.modalities

    def replace_tower(
        self, modality: str, tower: Encoder, *, examples: Sequence[Percept] = ()
    ) -> ReplacedEncoder:
        """Put another encoder in the place of a tower; the result is another space.

        Image and video share a tower: both are replaced if the other encoder has both.

        Args:
            modality: Modality of the tower, e.g. `"image"`.
            tower: Encoder of that modality. Without examples its vectors are used as they are: it
                has to be of the same space, such as a better training of the same CLIP model.
            examples: Percepts of that modality that both encode: a linear map is fitted on them
                from the other encoder's vectors to this one's. Pass thousands.
        Raises:
            UnsupportedModalityError: One of the two lacks the modality.
            VectorError: The other encoder has another dimension, and there are no examples.
        """
        name = TOWER_OF.get(modality)
        kin = {each for each in self.modalities & tower.modalities if TOWER_OF[each] == name}
        return ReplacedEncoder(self, kin or {modality}, tower, examples=examples)

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
        """Return the position of a text's end token, which has the highest id."""
        return int(inputs.argmax())

    def texts_together(self, length: int) -> int:
        """Return how many texts make as many tokens as a batch of the longest.

        The weights of the text tower, 1.2 GB in float32, are read once for all of them.
        """
        return self.batch_size * POSITIONS // (length + 1)
