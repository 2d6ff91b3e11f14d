"""The towers for thermal and depth maps, which share a trunk.

The trunk began as the picture trunk and was then taught with maps. Each of the two modalities has
its own head for meaning; both share the projection for appearance.

Letters: B batch, E features of the trunk, S semantic and A appearance dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.mini.encoder import MAPS
from training.towers.trunk import Trunk, TrunkSizes

MAP_MEAN, MAP_SPREAD = 0.449, 0.226  # ImageNet's statistics, averaged over R, G and B


@dataclass(frozen=True)
class MapSizes:
    """Sizes of the towers for maps."""

    trunk: TrunkSizes = field(default_factory=lambda: TrunkSizes(channels=1))
    hidden: int = 512  # width inside a head
    semantic: int = 384  # S
    appearance: int = 128  # A


class MapHead(nn.Module):
    """Turns features into vectors of meaning, for one modality."""

    def __init__(self, sizes: MapSizes) -> None:
        super().__init__()
        self.enter = nn.Linear(sizes.trunk.features, sizes.hidden)
        self.leave = nn.Linear(sizes.hidden, sizes.semantic)
        self.drop = nn.Dropout(0.2)

    def forward(self, features: Tensor) -> Tensor:
        """Map `(B, E)` to float32 unit vectors `(B, S)`."""
        hidden = F.gelu(self.enter(F.layer_norm(features, features.shape[-1:])))  # (B, hidden)
        return F.normalize(self.leave(self.drop(hidden)).float(), dim=-1)  # (B, S)


class MapNet(nn.Module):
    """Turns thermal and depth maps into vectors of meaning and of appearance."""

    def __init__(self, sizes: MapSizes | None = None) -> None:
        super().__init__()
        sizes = sizes or MapSizes()
        self.trunk = Trunk(sizes.trunk)
        self.heads = nn.ModuleDict({modality: MapHead(sizes) for modality in MAPS})
        self.appearance = nn.Linear(sizes.trunk.features, sizes.appearance)

    def forward(self, maps: Tensor) -> tuple[Tensor, ...]:
        """Map `(B, 1, H, W)` to the meanings as thermal and as depth maps, and the appearance."""
        features = self.features(maps)
        meanings = [head(features) for head in self.heads.values()]
        return *meanings, self.appearance_of(features)

    def features(self, maps: Tensor) -> Tensor:
        """Map `(B, 1, H, W)` in [0, 1], hotter or nearer larger, to `(B, E)`."""
        cells: Tensor = self.trunk((maps - MAP_MEAN) / MAP_SPREAD)
        return cells.mean((2, 3))

    def appearance_of(self, features: Tensor) -> Tensor:
        """Map features `(B, E)` to float32 unit vectors of appearance `(B, A)`."""
        return F.normalize(self.appearance(features).float(), dim=-1)
