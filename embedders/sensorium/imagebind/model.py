"""The six towers behind one call, each loaded when it is first used."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.encoders.placement import resolve_device, resolve_dtype
from sensorium.errors import EncodingError, TensorShapeError, UnsupportedModalityError
from sensorium.imagebind.checkpoint import (
    Checkpoint,
    InMemory,
    TowerDirectory,
    check_keys,
    content_digest,
    open_checkpoint,
)
from sensorium.imagebind.config import TOWER_OF, TOWERS, ImageBindConfig
from sensorium.imagebind.int8 import check_int8
from sensorium.imagebind.loading import load_tower
from sensorium.imagebind.parameter_names import CAUSAL_MASK, expected_shapes
from sensorium.imagebind.stems import (
    IMAGE_TAPS,
    IMU_CHANNELS,
    IMU_SAMPLES,
    MEL_BINS,
    MEL_FRAMES,
    PICTURE,
    POSITIONS,
    VOCABULARY,
)
from sensorium.imagebind.tower import Tower

COMPILE_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")
# Shape of one window, which follows the batch dimension and, where given, that of the windows.
WINDOW_SHAPE = {
    "image": (3, PICTURE, PICTURE),
    "video": (3, IMAGE_TAPS, PICTURE, PICTURE),
    "audio": (1, MEL_BINS, MEL_FRAMES),
    "depth": (1, PICTURE, PICTURE),
    "thermal": (1, PICTURE, PICTURE),
    "imu": (IMU_CHANNELS, IMU_SAMPLES),
}


class ImageBind(Remade):
    """A joint embedding of seven modalities (Girdhar et al., CVPR 2023, arXiv 2305.05665).

    The model is no `nn.Module` itself; `tower(modality)` returns the module of a modality. A tower
    is loaded from the checkpoint at its first use, and only once, also under several threads.
    Pickled, it is opened anew from the path of its checkpoint: no weights are in the pickle.

    Attributes:
        config: Sizes of the six towers.
        modalities: Modalities that this model was opened for.
        device: Device of the towers.
        dtype: Precision of the towers' weights and arithmetic; outputs are float32.
        int8: Whether the linear layers of the blocks multiply 8-bit integers. Their inputs and
            results are float32, as is all else.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        config: ImageBindConfig,
        modalities: Iterable[str] | None = None,
        device: str | torch.device = "auto",
        dtype: str | torch.dtype = "auto",
        packed: bool = True,
        compiled: str | None = None,
    ) -> None:
        """Open a checkpoint object; `from_checkpoint` opens a file, and takes the same options."""
        self.modalities = frozenset(TOWER_OF if modalities is None else modalities)
        for modality in self.modalities:
            _tower_name(modality, TOWER_OF)
        self.config = config
        self.device = resolve_device(device)
        self.int8 = dtype in ("int8", torch.int8)
        self.dtype = torch.float32 if self.int8 else resolve_dtype(dtype, self.device)
        if compiled not in (None, *COMPILE_MODES):
            raise EncodingError(
                f"compiled={compiled!r}", f"None or one of {', '.join(COMPILE_MODES)}", "choose one"
            )
        if self.int8:
            check_int8(self.device, packed=packed, compiled=compiled)
        self._packed = packed and compiled is None and self.device.type == "cpu"
        self._compiled = compiled
        self._checkpoint = checkpoint
        self._towers: dict[str, Tower] = {}
        self._digest: str | None = None
        self._locks = {name: Lock() for name in TOWERS}
        self._digest_lock = Lock()
        check_keys(checkpoint, config, {TOWER_OF[modality] for modality in self.modalities})

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        *,
        config: ImageBindConfig | None = None,
        modalities: Iterable[str] | None = None,
        device: str | torch.device = "auto",
        dtype: str | torch.dtype = "auto",
        packed: bool = True,
        compiled: str | None = None,
    ) -> ImageBind:
        """Open a checkpoint: the released `.pth`, one `.safetensors`, or a directory of towers.

        Names and shapes are checked here; weights are read when a tower is first used.

        Args:
            path: Path of the file, or of a directory that `sensorium weights convert` wrote.
            config: Sizes of the model; by default the directory's own, else
                `ImageBindConfig.huge()`.
            modalities: Modalities to open (`text image video audio depth thermal imu`); by default
                all, or all whose tower has a file in the directory.
            device: `"auto"` (CUDA if present, else the CPU) or any torch device.
            dtype: `"auto"` (bfloat16 where the device is clearly faster in it, which is timed once
                a process, else float32), `"float32"`, `"bfloat16"`, `"float16"`, or `"int8"` on a
                CPU with VNNI or AMX.
            packed: On a CPU, pack weights for its matrix kernels. Packed towers are faster, but
                take no gradients; `False` keeps float32 weights memory-mapped.
            compiled: A `torch.compile` mode (`"default"`, `"reduce-overhead"` for CUDA graphs,
                `"max-autotune"`), or `None`. Compiling pays for many batches of equal shape.
        Raises:
            CheckpointNotFoundError: `path` does not exist.
            CheckpointFormatError: `path` is not a checkpoint, is truncated, or holds pickled code.
            CheckpointKeyError: Keys are missing or unknown; the error names them.
            CheckpointShapeError: A tensor has another shape than `config` gives it.
            UnsupportedModalityError: An unknown modality.
            EncodingError: An unknown device, dtype or mode of compiling, or int8 where it cannot
                run.
        """
        checkpoint = open_checkpoint(path)
        if isinstance(checkpoint, TowerDirectory):
            config = config or checkpoint.config
            if modalities is None:
                modalities = {m for m, tower in TOWER_OF.items() if tower in checkpoint.present}
        return cls(
            checkpoint,
            config=config or ImageBindConfig.huge(),
            modalities=modalities,
            device=device,
            dtype=dtype,
            packed=packed,
            compiled=compiled,
        )

    @classmethod
    def random(
        cls,
        config: ImageBindConfig,
        *,
        seed: int = 0,
        modalities: Iterable[str] | None = None,
        device: str | torch.device = "auto",
        dtype: str | torch.dtype = "auto",
        packed: bool = True,
        compiled: str | None = None,
    ) -> ImageBind:
        """Make a model with seeded random weights: for tests, demos and timing.

        Args:
            config: Sizes of the model.
            seed: Seed of the weights. The same seed and version of torch give a tower the same
                weights, whichever other towers are made.
            modalities: Modalities whose towers are made; by default all.
            device: Device of the towers, as `from_checkpoint` takes it.
            dtype: Precision of the towers, as `from_checkpoint` takes it.
            packed: Whether weights are packed on a CPU, as in `from_checkpoint`.
            compiled: Mode of compiling, as in `from_checkpoint`.
        Raises:
            UnsupportedModalityError: An unknown modality.
            EncodingError: An unknown device, dtype or mode of compiling.
        """
        chosen = set(TOWER_OF if modalities is None else modalities)
        towers = sorted({_tower_name(modality, TOWER_OF) for modality in chosen})
        return cls(
            InMemory(random_weights(config, towers, seed=seed)),
            config=config,
            modalities=chosen,
            device=device,
            dtype=dtype,
            packed=packed,
            compiled=compiled,
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, hex; read from a directory's description, else computed once."""
        with self._digest_lock:
            if self._digest is None:
                self._digest = content_digest(self._checkpoint)
            return self._digest

    def tower(self, modality: str) -> Tower:
        """Return the tower of a modality, and load it at its first use.

        Raises:
            UnsupportedModalityError: The model was not opened for that modality.
            CheckpointFormatError: The checkpoint's file changed after it was opened.
        """
        name = _tower_name(modality, self.modalities)
        if name in self._towers:
            return self._towers[name]
        # A tower that is loaded under inference mode could never be trained afterwards.
        with self._locks[name], torch.inference_mode(False):
            if name not in self._towers:
                tower = load_tower(
                    self._checkpoint,
                    self.config,
                    name,
                    device=self.device,
                    dtype=self.dtype,
                    packed=self._packed,
                    int8=self.int8,
                )
                if self._compiled is not None:
                    tower.compile(mode=self._compiled)
                self._towers[name] = tower
        return self._towers[name]

    def logit_scale(self, modality: str) -> float:
        """Return the factor, 1 to 100, by which the reference multiplies a modality's vectors.

        Raises:
            UnsupportedModalityError: The model was not opened for that modality.
        """
        return self.tower(modality).logit_scale

    def forward(self, modality: str, inputs: Tensor, *, scaled: bool = False) -> Tensor:
        """Embed a batch of preprocessed percepts.

        Args:
            modality: `text`, `image`, `video`, `audio`, `depth`, `thermal` or `imu`.
            inputs: Tensor on any device. For text, token ids `(B, N)`, int64, N at most 77. For
                other modalities, floats `(B, *window)` or `(B, windows, *window)`, where a window
                is `(3, 224, 224)` for an image, `(3, 2, 224, 224)` for video, `(1, 128, 204)` for
                audio, `(1, 224, 224)` for depth and thermal and `(6, 2000)` for IMU.
            scaled: `False` returns unit vectors; those of several windows are averaged and
                normalised again. `True` returns what the reference returns: unit vectors times the
                tower's logit scale, averaged over the windows.
        Returns:
            Shape `(B, E)`, float32.
        Raises:
            UnsupportedModalityError: The model was not opened for `modality`.
            TensorShapeError: `inputs` has another shape.
        """
        _tower_name(modality, self.modalities)
        batch, windows = _lay_out(modality, inputs)
        tower = self.tower(modality)
        kind = torch.long if modality == "text" else self.dtype
        if not len(batch):
            return torch.empty(0, self.config.embedding, device=self.device)
        vectors: Tensor = tower(batch.to(self.device, kind, non_blocking=True))  # (B windows, E)
        if self._compiled is not None:
            vectors = vectors.clone()  # a CUDA graph writes its next result to the same place
        if scaled:
            vectors = vectors * self.logit_scale(modality)
        if windows is None:
            return vectors
        pooled = vectors.reshape(-1, windows, vectors.shape[-1]).mean(dim=1)  # (B, E)
        return pooled if scaled else F.normalize(pooled, dim=-1)

    __call__ = forward


def random_weights(
    config: ImageBindConfig, towers: Iterable[str], *, seed: int
) -> dict[str, Tensor]:
    """Return a state dict of seeded random weights under the released checkpoint's key names.

    Matrices are drawn from a normal distribution that keeps the variance of a token; norms have a
    weight of 1 and a bias of 0; logit scales belong to a temperature of 0.07.
    """
    weights = {}
    for tower in towers:
        generator = torch.Generator().manual_seed(len(TOWERS) * seed + TOWERS.index(tower))
        for key, shape in expected_shapes(config, tower).items():
            if key == CAUSAL_MASK:
                weights[key] = torch.full(shape, float("-inf")).triu(1)
            elif key.endswith("log_logit_scale"):
                weights[key] = torch.tensor(1 / 0.07).log()
            elif len(shape) == 1:
                weights[key] = torch.full(shape, float(key.endswith(".weight")))
            else:
                spread = torch.Size(shape[1:]).numel() ** -0.5
                weights[key] = torch.empty(shape).normal_(0, spread, generator=generator)
    return weights


def _tower_name(modality: str, allowed: Iterable[str]) -> str:
    if modality not in allowed or modality not in TOWER_OF:
        raise UnsupportedModalityError(
            f"the modality {modality!r}",
            f"one of {', '.join(sorted(allowed))}",
            "open the model with it, or choose another encoder",
        )
    return TOWER_OF[modality]


def _lay_out(modality: str, inputs: Tensor) -> tuple[Tensor, int | None]:
    """Fold the windows into the batch, or cut texts to the longest of the batch.

    Returns:
        The inputs of the tower, and the number of windows of an item (`None` without windows).
    """
    if modality == "text":
        if inputs.ndim != 2 or not 0 < inputs.shape[1] <= POSITIONS or inputs.is_floating_point():
            raise _wrong_shape(modality, inputs, f"integer token ids (B, N), N at most {POSITIONS}")
        if len(inputs) and not 0 <= int(inputs.min()) <= int(inputs.max()) < VOCABULARY:
            raise _wrong_shape(modality, inputs, f"ids from 0 to {VOCABULARY - 1}")
        longest = int(inputs.argmax(dim=-1).max()) + 1 if len(inputs) else 1
        return inputs[:, :longest], None
    window = WINDOW_SHAPE[modality]
    if not inputs.is_floating_point():
        raise _wrong_shape(modality, inputs, "preprocessed floats")
    if tuple(inputs.shape[1:]) == window:
        return inputs, None
    if tuple(inputs.shape[2:]) == window and inputs.shape[1] > 0:
        return inputs.flatten(0, 1), inputs.shape[1]
    raise _wrong_shape(modality, inputs, f"(B, *{window}) or (B, windows, *{window})")


def _wrong_shape(modality: str, inputs: Tensor, needed: str) -> TensorShapeError:
    return TensorShapeError(
        f"{modality} inputs of shape {tuple(inputs.shape)} and dtype {inputs.dtype}",
        needed,
        "use the functions of sensorium.imagebind.preprocess",
    )


assert set(TOWER_OF.values()) == set(TOWERS)
