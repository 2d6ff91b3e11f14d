"""The plain computation that Sensorium's speed is measured against.

These are the same six towers with the same weights, written in the straightforward way: float32,
`nn.MultiheadAttention`, all 77 positions of every text, every token through every block, and a 3-D
convolution over two frames even for a still picture. Nothing is cut, folded or packed. Only the
sizes of the model come from `sensorium`; modules have the checkpoint's key names.

Letters: B batch, N tokens, D width, E embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.config import ImageBindConfig, TowerSizes

TEXT_POSITIONS, SYMBOLS = 77, 49408
MAX_SCALE = 100.0


class Texts(nn.Module):
    """Turns token ids `(B, 77)` into tokens `(B, 77, D)`."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(SYMBOLS, width)
        self.pos_embed = nn.Parameter(torch.zeros(1, TEXT_POSITIONS, width))
        self.register_buffer("mask", torch.zeros(TEXT_POSITIONS, TEXT_POSITIONS))

    def forward(self, ids: Tensor) -> Tensor:
        """Embed every position, the padding included."""
        embedded: Tensor = self.token_embedding(ids)
        return embedded + self.pos_embed


class ShownTwice(nn.Module):
    """Turns a still picture `(B, 3, H, W)` into two equal frames `(B, 3, 2, H, W)`."""

    def forward(self, frames: Tensor) -> Tensor:
        """Repeat a still picture along a new time dimension; return video unchanged."""
        return frames[:, :, None].repeat(1, 1, 2, 1, 1) if frames.ndim == 4 else frames


class Stem(nn.Module):
    """A projection to patches `(B, D, ...)` or chunks `(B, N, D)`, then an optional LayerNorm."""

    def __init__(self, proj: nn.Module, norm_layer: nn.Module | None) -> None:
        super().__init__()
        self.proj = proj
        self.norm_layer = norm_layer

    def forward(self, inputs: Tensor) -> Tensor:
        """Return tokens `(B, N, D)`."""
        tokens: Tensor = self.proj(inputs)
        if not isinstance(self.proj, nn.Linear):
            tokens = tokens.flatten(2).transpose(1, 2)
        return tokens if self.norm_layer is None else self.norm_layer(tokens)


class Positions(nn.Module):
    """Holds `pos_embed`, where the checkpoint nests it."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.zeros(1, tokens, width))


class Patches(nn.Module):
    """Turns pictures, maps or mel spectrograms into a class token and patches."""

    def __init__(self, stem_name: str, stem: Stem, patches: int, width: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding_helper = Positions(1 + patches, width)
        self.stem_name = stem_name
        self.add_module(stem_name, stem)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `(B, 1 + N, D)`."""
        tokens = self.get_submodule(self.stem_name)(inputs)
        first = self.cls_token.expand(len(tokens), -1, -1)
        return torch.cat([first, tokens], dim=1) + self.pos_embedding_helper.pos_embed


class Motion(nn.Module):
    """Turns IMU `(B, 6, 2000)` into a class token and 250 chunks of 8 samples."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 251, width))
        self.imu_stem = Stem(nn.Linear(48, width, bias=False), nn.LayerNorm(width))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return `(B, 251, D)`."""
        tokens = self.imu_stem(inputs.unfold(-1, 8, 8).permute(0, 2, 1, 3).reshape(-1, 250, 48))
        first = self.cls_token.expand(len(tokens), -1, -1)
        return torch.cat([first, tokens], dim=1) + self.pos_embed


class MLP(nn.Module):
    """Two layers with the exact GELU between."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map `(N, B, D)` to `(N, B, D)`."""
        out: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return out


class PlainBlock(nn.Module):
    """Pre-norm attention and MLP."""

    def __init__(self, sizes: TowerSizes, *, learned_key: bool) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(sizes.width, eps=1e-6)
        self.attn = nn.MultiheadAttention(sizes.width, sizes.heads, add_bias_kv=learned_key)
        self.norm_2 = nn.LayerNorm(sizes.width, eps=1e-6)
        self.mlp = MLP(sizes.width)

    def forward(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """Map `(N, B, D)` to `(N, B, D)`."""
        x = self.norm_1(tokens)
        tokens = tokens + self.attn(x, x, x, need_weights=False, attn_mask=mask)[0]
        out: Tensor = tokens + self.mlp(self.norm_2(tokens))
        return out


class Trunk(nn.Module):
    """All blocks, after a LayerNorm in the vision tower."""

    def __init__(self, sizes: TowerSizes, name: str) -> None:
        super().__init__()
        before = [nn.LayerNorm(sizes.width, eps=1e-6)] if name == "vision" else []
        self.pre_transformer_layer = nn.Sequential(*before)
        learned_key = name not in ("vision", "text")
        self.blocks = nn.ModuleList(
            PlainBlock(sizes, learned_key=learned_key) for _ in range(sizes.blocks)
        )

    def forward(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """Map `(B, N, D)` to `(B, N, D)`."""
        tokens = self.pre_transformer_layer(tokens).transpose(0, 1)  # (N, B, D)
        for block in self.blocks:
            tokens = block(tokens, mask)
        return tokens.transpose(0, 1)


class Scale(nn.Module):
    """Holds the learned temperature of a modality."""

    def __init__(self) -> None:
        super().__init__()
        self.log_logit_scale = nn.Parameter(torch.zeros(()))

    def forward(self, unit: Tensor) -> Tensor:
        """Multiply unit vectors `(B, E)`."""
        return unit * self.log_logit_scale.exp().clip(max=MAX_SCALE)


class PlainTower(nn.Module):
    """One tower; `load_state_dict` takes the checkpoint's keys of that tower."""

    def __init__(self, config: ImageBindConfig, name: str) -> None:
        super().__init__()
        sizes = config.tower(name)
        head: nn.Module = nn.Sequential(*_head(name, sizes.width, config.embedding))
        if name == "text":
            head = nn.ModuleDict({"proj": head})
        self.name = name
        self.modality_preprocessors = nn.ModuleDict({name: _preprocessor(name, sizes.width)})
        self.modality_trunks = nn.ModuleDict({name: Trunk(sizes, name)})
        self.modality_heads = nn.ModuleDict({name: head})
        scale = {} if name == "vision" else {name: nn.Sequential(nn.Identity(), Scale())}
        self.modality_postprocessors = nn.ModuleDict(scale)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map a batch to `(B, E)`: unit vectors, times the modality's scale."""
        before = self.modality_preprocessors[self.name]
        mask = before.mask if isinstance(before, Texts) else None
        tokens = self.modality_trunks[self.name](before(inputs), mask)  # (B, N, D)
        head = self.modality_heads[self.name]
        if isinstance(head, nn.ModuleDict):
            ends = inputs.argmax(dim=-1)
            vectors = head["proj"](tokens[torch.arange(len(inputs)), ends])
        else:
            vectors = head(tokens)[:, 0]
        vectors = F.normalize(vectors, dim=-1)
        return (
            self.modality_postprocessors[self.name](vectors) if self.name != "vision" else vectors
        )


def _preprocessor(name: str, width: int) -> nn.Module:
    if name == "text":
        return Texts(width)
    if name == "imu":
        return Motion(width)
    if name == "vision":
        taps = nn.Conv3d(3, width, kernel_size=(2, 14, 14), stride=(2, 14, 14), bias=False)
        return Patches("rgbt_stem", Stem(nn.Sequential(ShownTwice(), taps), None), 256, width)
    stride, patches = (10, 12 * 19) if name == "audio" else (16, 14 * 14)
    stem = Stem(nn.Conv2d(1, width, 16, stride=stride, bias=False), nn.LayerNorm(width))
    return Patches("depth_stem" if name == "depth" else "rgbt_stem", stem, patches, width)


def _head(name: str, width: int, embedding: int) -> list[nn.Module]:
    gap: dict[str, list[nn.Module]] = {
        "text": [],
        "imu": [nn.Identity(), nn.Identity()],
    }
    norm = nn.LayerNorm(width, eps=1e-6)
    return [
        norm,
        *gap.get(name, [nn.Identity()]),
        nn.Linear(width, embedding, bias=False),
    ]
