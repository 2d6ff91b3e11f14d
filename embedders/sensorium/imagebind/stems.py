"""Stems, which turn the input of each modality into the tokens of a tower.

Every stem adds learned positions to its tokens, and says which token becomes the vector of an item:
the end token of a text, and in every other modality a learned class token that comes first.

Letters: B batch, C channels, H x W pixels (or mel bins x frames), T samples, N tokens, D width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEM_NORM_EPS = 1e-5
POSITIONS = 77  # tokens of a text, start and end included
VOCABULARY = 49408  # byte-pair symbols of CLIP's tokenizer
IMAGE_PATCH = 14  # pixels, without overlap: 16 x 16 patches of a 224 x 224 picture
IMAGE_TAPS = 2  # frames that a patch of video spans; a still picture fills both
MAP_PATCH = 16  # pixels (or mel bins and frames) of a depth, thermal or sound patch
AUDIO_STRIDE = 10  # mel bins and frames between overlapping sound patches
IMU_PATCH = 8  # samples: 40 ms at 200 Hz
PICTURE = 224  # pixels, height and width of pictures, depth and thermal maps
MEL_BINS, MEL_FRAMES = 128, 204  # size of one sound window
IMU_CHANNELS, IMU_SAMPLES = 6, 2000  # size of one IMU window


class Pooling(NamedTuple):
    """The token of each item that becomes its vector, and the tokens that attention may see.

    Attributes:
        at: Index of the token that is pooled, shape `(B,)`, int64.
        seen: Tokens that each token may attend to, bool `(N, N)`; `None` means all of them.
        seen_at_end: Tokens that the pooled token may attend to, bool `(B, 1, 1, N)`; `None` means
            all of them.
    """

    at: Tensor
    seen: Tensor | None = None
    seen_at_end: Tensor | None = None


class TextStem(nn.Module):
    """Token embeddings plus positions; attention is causal, pooling at the end token."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.zeros(VOCABULARY, width))
        self.positions = nn.Parameter(torch.zeros(1, POSITIONS, width))

    def forward(self, ids: Tensor) -> Tensor:
        """Map token ids `(B, N)`, N at most 77, to `(B, N, D)`."""
        embedded = F.embedding(ids, self.embedding)  # (B, N, D)
        return embedded + self.positions[:, : ids.shape[1]]

    def pooling(self, ids: Tensor) -> Pooling:
        """Pool token ids `(B, N)` at the end token, which has the highest id."""
        at = ids.argmax(dim=-1)  # (B,)
        place = torch.arange(ids.shape[1], device=ids.device)  # (N,)
        causal = place[:, None] >= place  # (N, N)
        return Pooling(at, causal, (place <= at[:, None])[:, None, None])  # (B, 1, 1, N)


class ClassTokenStem(nn.Module):
    """Puts a learned class token before the tokens of the input, and pools it."""

    def __init__(self, width: int, tokens: int) -> None:
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.zeros(1, 1 + tokens, width))

    def pooling(self, inputs: Tensor) -> Pooling:
        """Pool inputs `(B, ...)` at the class token; attention sees everything."""
        return Pooling(inputs.new_zeros(len(inputs), dtype=torch.long))  # (B,)

    def _with_class(self, patches: Tensor) -> Tensor:
        first = self.class_token.expand(patches.shape[0], -1, -1)  # (B, 1, D)
        return torch.cat([first, patches], dim=1) + self.positions  # (B, 1 + N, D)


class VisionStem(ClassTokenStem):
    """Patches of 2 frames x 14 x 14 pixels, then a LayerNorm over each token."""

    def __init__(self, width: int) -> None:
        super().__init__(width, (PICTURE // IMAGE_PATCH) ** 2)
        self.weight = nn.Parameter(torch.zeros(width, 3, IMAGE_TAPS, IMAGE_PATCH, IMAGE_PATCH))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, frames: Tensor) -> Tensor:
        """Map pictures `(B, 3, H, W)` or frame pairs `(B, 3, 2, H, W)` to `(B, 257, D)`.

        The reference shows a still picture as two equal frames; summing the two temporal taps
        gives the same at half the work.
        """
        if frames.ndim == 4:
            kernel = self.weight.sum(dim=2)  # (D, 3, 14, 14)
        else:
            frames, kernel = frames.flatten(1, 2), self.weight.flatten(1, 2)  # (B, 6, H, W)
        patches = F.conv2d(frames, kernel, stride=IMAGE_PATCH)  # (B, D, 16, 16)
        tokens: Tensor = self.norm(self._with_class(patches.flatten(2).transpose(1, 2)))
        return tokens  # (B, 257, D)


class MapStem(ClassTokenStem):
    """Patches of 16 x 16 of a one-channel map: depth, thermal, or the log-mel of a sound."""

    def __init__(self, width: int, *, height: int, across: int, stride: int) -> None:
        rows, columns = ((side - MAP_PATCH) // stride + 1 for side in (height, across))
        super().__init__(width, rows * columns)
        self.stride = stride
        self.weight = nn.Parameter(torch.zeros(width, 1, MAP_PATCH, MAP_PATCH))
        self.norm = nn.LayerNorm(width, eps=STEM_NORM_EPS)

    def forward(self, maps: Tensor) -> Tensor:
        """Map `(B, 1, H, W)` to `(B, 1 + N, D)`."""
        patches = F.conv2d(maps, self.weight, stride=self.stride)  # (B, D, rows, columns)
        return self._with_class(self.norm(patches.flatten(2).transpose(1, 2)))


class IMUStem(ClassTokenStem):
    """Tokens of 6 channels x 8 consecutive samples, channel by channel: 48 numbers each."""

    def __init__(self, width: int) -> None:
        super().__init__(width, IMU_SAMPLES // IMU_PATCH)
        self.weight = nn.Parameter(torch.zeros(width, IMU_CHANNELS * IMU_PATCH))
        self.norm = nn.LayerNorm(width, eps=STEM_NORM_EPS)

    def forward(self, samples: Tensor) -> Tensor:
        """Map `(B, 6, 2000)`, accelerometer x y z then gyroscope x y z, to `(B, 251, D)`."""
        # A reshape alone would mix channels: time is cut into patches first, then transposed.
        chunks = samples.reshape(len(samples), IMU_CHANNELS, -1, IMU_PATCH).transpose(
            1, 2
        )  # (B, 250, 6, 8)
        patches = F.linear(chunks.flatten(2), self.weight)  # (B, 250, D)
        return self._with_class(self.norm(patches))
