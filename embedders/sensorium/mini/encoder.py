"""sensorium-mini as an `Encoder`: seven modalities in one space of 512 dimensions, on a laptop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.encoders import EmbeddingSpace
from sensorium.encoders.background import Background
from sensorium.encoders.batching import BatchedEncoder, Window, check_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.encoders.placement import resolve_device, resolve_dtype
from sensorium.mini.audio_tower import AudioTower
from sensorium.mini.image_tower import ImageHead
from sensorium.mini.imu_tower import ImuTower
from sensorium.mini.inputs import REVISION, windows
from sensorium.mini.loading import open_tower, pack_linear, read_background
from sensorium.mini.manifest import DIRECTORY, manifest
from sensorium.mini.map_tower import MapNet
from sensorium.mini.text_tower import TextTower
from sensorium.mini.trunk import Trunk
from sensorium.mini.wordpiece import batch
from sensorium.percepts import Percept

NAME = "sensorium-mini"
SEMANTIC, APPEARANCE = 384, 128  # dimensions of the two parts of a vector
DIMENSION = SEMANTIC + APPEARANCE
ALPHA = 0.8  # length of the appearance part; the semantic part has length 1
BATCH = 32  # windows in a forward pass
CPU_CHUNK = 8  # windows that go through convolutions at a time on a CPU
TOWERS = {  # the tower that takes each modality
    "text": "text",
    "image": "pictures",
    "video": "pictures",
    "thermal": "maps",
    "depth": "maps",
    "audio": "audio",
    "imu": "imu",
}

M = TypeVar("M", bound=nn.Module)


def join(meaning: Tensor, appearance: Tensor | None = None) -> Tensor:
    """Join the two parts of a vector: what a percept means, and what it looks like.

    Args:
        meaning: Unit vectors `(B, 384)`, float32.
        appearance: Unit vectors `(B, 128)`, float32; `None` if the modality has no appearance.
    Returns:
        Shape `(B, 512)`, float32, unit length; zeros in place of an appearance that is missing.
    """
    if appearance is None:
        return F.pad(meaning, (0, APPEARANCE))
    return F.normalize(torch.cat([meaning, ALPHA * appearance], dim=-1), dim=-1)


class MiniEncoder(Remade, BatchedEncoder):
    """Encodes text, images, video, audio, depth, thermal and IMU with the weights in the package.

    Each tower is opened when it is first used. Several threads may use one encoder. Pickled, it is
    made anew with the same options: no weights are in the pickle.
    """

    def __init__(
        self,
        *,
        device: str | torch.device = "cpu",
        dtype: str | torch.dtype = "float32",
        batch_size: int = BATCH,
        directory: Path = DIRECTORY,
    ) -> None:
        """Read the list of weights; the weights themselves are read when they are first used.

        Args:
            device: Device of the towers.
            dtype: Precision of all towers except the audio tower; vectors are always float32.
            batch_size: Windows in a forward pass.
            directory: Directory with the manifest and the weights files.
        Raises:
            EncodingError: An unknown device or dtype, or a batch size below 1.
            WeightsError: The list of weights is missing or damaged.
        """
        self.batch_size = check_batch_size(batch_size)
        self._device = resolve_device(device)
        self._dtype = resolve_dtype(dtype, self._device)
        self._directory = directory
        self._lock = Lock()
        self._towers: dict[str, nn.Module] = {}
        self._background: Background | None = None
        self._space = EmbeddingSpace(
            model=NAME,
            weights=manifest(directory).digest,
            preprocessing=f"r{REVISION}",
            dimension=DIMENSION,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The seven modalities of the package."""
        return frozenset(TOWERS)

    @property
    def background(self) -> Background:
        """Statistics of its vectors over the training data, to calibrate scores with.

        Raises:
            WeightsError: The file is missing or damaged.
        """
        with self._lock:
            if self._background is None:
                self._background = read_background(directory=self._directory)
            return self._background

    def windows(self, percept: Percept) -> Iterable[Window]:
        """Preprocess one percept, lazily."""
        return windows(percept)

    def tower(self, modality: str) -> str:
        """Name the tower that takes a modality: pictures and video frames share one, maps too."""
        return TOWERS[modality]

    def forward(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Vectors:
        """Map windows of one tower to unit vectors `(B, 512)`."""
        tower = TOWERS[modalities[0]]
        # A CPU's caches hold the layers of a few pictures; a batch of texts is one matrix.
        convolving = tower != "text" and self._device.type == "cpu"
        step = CPU_CHUNK if convolving else len(inputs)
        with torch.inference_mode():
            parts = [
                self._encode(tower, modalities[start : start + step], inputs[start : start + step])
                for start in range(0, len(inputs), step)
            ]
            vectors: Vectors = torch.cat(parts).float().cpu().numpy()
        return vectors

    def _encode(self, tower: str, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Tensor:
        if tower == "text":
            return self._encode_texts(inputs)
        if tower == "pictures":
            return self._encode_pictures(inputs)
        if tower == "maps":
            return self._encode_maps(modalities, inputs)
        if tower == "audio":
            return self._encode_sounds(inputs)
        return self._encode_motion(inputs)

    def _encode_texts(self, inputs: Sequence[Tensor]) -> Tensor:
        ids, mask = (tensor.to(self._device) for tensor in batch(inputs))
        return join(self._open("text", TextTower)(ids, mask))

    def _encode_pictures(self, inputs: Sequence[Tensor]) -> Tensor:
        """Encode pictures, one or several frames each, which are averaged."""
        features = self._open("trunk", Trunk)(self._place(torch.cat(list(inputs))))
        meaning, appearance = self._open("image", ImageHead)(features)
        frames = torch.split(join(meaning, appearance), [len(part) for part in inputs])
        return torch.stack([F.normalize(part.mean(0), dim=-1) for part in frames])

    def _encode_maps(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Tensor:
        net = self._open("maps", MapNet)
        features = net.features(self._place(torch.stack(list(inputs))))  # (B, E)
        meaning = features.new_empty(len(features), SEMANTIC, dtype=torch.float32)
        # Thermal and depth share the trunk, and so a batch; each has its own head for meaning.
        for modality in set(modalities):
            rows = torch.tensor([other == modality for other in modalities])
            meaning[rows] = net.heads[modality](features[rows])
        return join(meaning, net.appearance_of(features))

    def _encode_sounds(self, inputs: Sequence[Tensor]) -> Tensor:
        waves = torch.stack(list(inputs)).to(self._device)
        # Log-mel energies need float32, and the network behind them is small.
        return join(self._open("audio", AudioTower, dtype=torch.float32)(waves))

    def _encode_motion(self, inputs: Sequence[Tensor]) -> Tensor:
        motion = torch.stack(list(inputs)).to(self._device, self._dtype)
        return join(self._open("imu", ImuTower)(motion))

    def _place(self, pictures: Tensor) -> Tensor:
        return pictures.to(self._device, self._dtype, memory_format=torch.channels_last)

    def _open(self, name: str, kind: type[M], *, dtype: torch.dtype | None = None) -> M:
        """Return a tower, opened at its first use, in the encoder's precision or in `dtype`."""
        with self._lock:
            tower = self._towers.get(name)
            if not isinstance(tower, kind):
                tower = open_tower(name, kind, directory=self._directory)
                tower.to(self._device, dtype or self._dtype)
                if any(isinstance(module, nn.Conv2d) for module in tower.modules()):
                    tower.to(memory_format=torch.channels_last)
                pack_linear(tower)
                self._towers[name] = tower
        return tower


def open_mini(*, device: str = "auto", dtype: str = "auto") -> MiniEncoder:
    """Open the encoder that comes with the package.

    Args:
        device: `"auto"` is the CPU: a model of this size gains little elsewhere.
        dtype: `"auto"` is float32.
    Raises:
        EncodingError: An unknown device or dtype.
        WeightsError: The weights are missing or damaged.
    """
    return MiniEncoder(
        device="cpu" if device == "auto" else device,
        dtype="float32" if dtype == "auto" else dtype,
    )
