"""The name of each parameter of a tower in the released checkpoint.

Source: the key names of `imagebind_huge.pth`, as the golden checkpoint in `tests/goldens` has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sensorium.imagebind.config import TOWERS, ImageBindConfig
from sensorium.imagebind.stems import POSITIONS
from sensorium.imagebind.tower import Tower

STEM_NAMES = {
    "class_token": "cls_token",
    "embedding": "token_embedding.weight",
    "norm.weight": "{stem}.norm_layer.weight",
    "norm.bias": "{stem}.norm_layer.bias",
    "weight": "{stem}.proj.weight",
}
STEMS = {"audio": "rgbt_stem", "depth": "depth_stem", "thermal": "rgbt_stem", "imu": "imu_stem"}
BLOCK_NAMES = {
    "norm_attention": "norm_1",
    "norm_mlp": "norm_2",
    "expand": "mlp.fc1",
    "contract": "mlp.fc2",
    "attention.out": "attn.out_proj",
}
# Positions of (LayerNorm, projection) in the heads that differ from the others' ("0", "2").
HEADS = {"text": ("proj.0", "proj.1"), "imu": ("0", "3")}
CAUSAL_MASK = "modality_preprocessors.text.mask"  # a constant of the text tower, not a parameter


@dataclass(frozen=True)
class Origin:
    """The tensor of the checkpoint, or the part of its rows, that holds a parameter.

    Attributes:
        name: Name of the tensor in the checkpoint.
        thirds: Range of thirds of the tensor's rows. The reference stores query, key and value as
            one matrix: `(0, 1)` is the query, `(1, 3)` the key and the value.
    """

    name: str
    thirds: tuple[int, int] = (0, 3)

    def cut(self, tensor: Tensor) -> Tensor:
        """Return this origin's rows of the checkpoint's tensor, as a view."""
        if self.thirds == (0, 3):
            return tensor
        third = tensor.shape[0] // 3
        return tensor[third * self.thirds[0] : third * self.thirds[1]]


def origin(tower: str, parameter: str) -> Origin:
    """Return where the checkpoint holds a parameter of a tower.

    Args:
        tower: Name of the tower.
        parameter: Name of the parameter in `Tower.named_parameters()`.
    """
    part, _, rest = parameter.partition(".")
    if part == "stem":
        return Origin(_stem_name(tower, rest))
    if part == "blocks":
        return _block_origin(tower, rest)
    if part == "log_logit_scale":
        return Origin(f"modality_postprocessors.{tower}.1.log_logit_scale")
    norm, projection = HEADS.get(tower, ("0", "2"))
    return Origin(f"modality_heads.{tower}.{norm if part == 'norm' else projection}.{rest}")


def _stem_name(tower: str, rest: str) -> str:
    if tower == "vision" and rest.startswith("norm."):
        return f"modality_trunks.vision.pre_transformer_layer.0.{rest[5:]}"
    if tower == "vision" and rest == "weight":
        return "modality_preprocessors.vision.rgbt_stem.proj.1.weight"
    if rest == "positions":
        inside = "" if tower in ("text", "imu") else "pos_embedding_helper."
        return f"modality_preprocessors.{tower}.{inside}pos_embed"
    return f"modality_preprocessors.{tower}.{STEM_NAMES[rest].format(stem=STEMS.get(tower))}"


def _block_origin(tower: str, rest: str) -> Origin:
    index, _, inner = rest.partition(".")
    block = f"modality_trunks.{tower}.blocks.{index}"
    module, _, leaf = inner.rpartition(".")
    if module in BLOCK_NAMES:
        return Origin(f"{block}.{BLOCK_NAMES[module]}.{leaf}")
    if module == "attention":  # bias_k, bias_v
        return Origin(f"{block}.attn.{leaf}")
    return Origin(f"{block}.attn.in_proj_{leaf}", (0, 1) if "query" in module else (1, 3))


def expected_shapes(config: ImageBindConfig, tower: str) -> dict[str, tuple[int, ...]]:
    """Return every key the checkpoint must hold for one tower, with its shape."""
    with torch.device("meta"):
        parameters = dict(Tower(config, tower).named_parameters())
    shapes: dict[str, tuple[int, ...]] = {}
    for name, parameter in parameters.items():
        source = origin(tower, name)
        rows = parameter.shape[:1].numel() * 3 // (source.thirds[1] - source.thirds[0])
        whole = (rows, *parameter.shape[1:]) if parameter.ndim else ()
        shapes[source.name] = tuple(whole)
    if tower == "text":
        shapes[CAUSAL_MASK] = (POSITIONS, POSITIONS)
    return shapes


def tower_of_key(key: str) -> str | None:
    """Return the tower that a checkpoint's key belongs to, or `None` if it belongs to no tower."""
    parts = key.split(".")
    return parts[1] if len(parts) > 2 and parts[1] in TOWERS else None
