"""Train the towers for thermal and depth maps: `python -m training.maps --pack PACK ...`.

One network learns three things at once. Photos that are made to look thermal are mapped to the
vectors of the photos themselves, in appearance (by a contrast within the batch) and in meaning; no
thermal picture is needed for that. Real thermal pictures, and rendered depth maps, are mapped to
the names of the things they show. The projection of photos for appearance is learned with them.
About 8 minutes on an H100; many hours on a CPU.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.mini.inputs import MEAN, SPREAD
from training import pictures
from training.class_names import Names, class_vectors
from training.course import Course, Pace
from training.pack import CACHE, Row, read_rows
from training.pictures import SEEN, STORED
from training.towers.map_tower import MAP_MEAN, MAP_SPREAD, MapNet
from training.towers.mixture import mixture
from training.towers.trunk import Trunk
from training.trunk import class_layer, folded, read_package

SEED = 0
TRUNK_RATE, HEAD_RATE, WEIGHT_DECAY = 3e-4, 1e-3, 0.05  # for AdamW
WARM_UP = 100  # steps
DECAY = 0.998  # of the running average of the weights, which is the result
PHOTOS, THERMALS, DEPTHS = 320, 112, 224  # pictures of each kind in a batch
CLASS_SIZE = 2  # photos of a class that are drawn together
TEMPERATURE = 0.07  # of the softmax in every contrast
SMOOTHING = 0.05  # label smoothing
TEMPLATES = {
    "thermal": ("{}", "thermal image of a {}", "a {}"),
    "depth": ("{}", "a {}", "depth map of a {}"),
}
ASKED = {"thermal": "thermal image of a {}", "depth": "a {}"}


@dataclass
class Labelled:
    """Maps of one modality with their names."""

    train: Tensor
    train_rows: list[Row]
    dev: Tensor
    dev_rows: list[Row]
    targets: Tensor  # (names + others, S): names that a map is told apart from
    answers: Tensor  # (N,): index of the right target
    asked: Tensor  # (names of train and dev, S)
    dev_answers: Tensor

    @classmethod
    def read(cls, packs: list[Path], modality: str, names: Names, device: torch.device) -> Labelled:
        reader = {"thermal": pictures.read_thermal, "depth": pictures.read_depth}[modality]
        train = [row for pack in packs for row in read_rows(pack, modality, "train")]
        dev = read_rows(packs[0], modality, "dev")
        taught = sorted({row.label for row in train})
        first = read_rows(packs[0], modality, "train", "dev")
        every = sorted({row.label for row in first})
        others = [name for name in names.imagenet[::5] if name not in taught]
        vectors = class_vectors(names, taught, TEMPLATES[modality])
        return cls(
            reader(train).to(device),
            train,
            reader(dev).to(device),
            dev,
            torch.cat([vectors, class_vectors(names, others, ("{}",))]).to(device),
            torch.tensor([taught.index(row.label) for row in train], device=device),
            class_vectors(names, every, (ASKED[modality],)).to(device),
            torch.tensor([every.index(row.label) for row in dev], device=device),
        )

    def named(self, vectors: Tensor) -> tuple[float, float]:
        """Return how often the right name is first, and among the first five."""
        order = (vectors @ self.asked.T).argsort(1, descending=True)
        place = (order == self.dev_answers[:, None]).int().argmax(1)
        return float((place == 0).float().mean()), float((place < 5).float().mean())


class Photos:
    """The pack's photos, and the frozen trunk with its ImageNet classes."""

    def __init__(
        self,
        pack: Path,
        package: Path,
        names: Names,
        device: torch.device,
        layout: torch.memory_format,
    ) -> None:
        state, _ = read_package(package)
        self.trunk = Trunk()
        self.trunk.load_state_dict(folded(state))
        self.trunk = self.trunk.eval().requires_grad_(False).to(device).to(memory_format=layout)
        weight, offset = class_layer(state)
        self.classes, self.offsets = weight.to(device), offset.to(device)
        self.vectors = class_vectors(names, names.imagenet).to(device)  # (1000, S)
        rows = read_rows(pack, "image", "train")
        self.pictures = pictures.read_photos(rows).to(device)
        labels = sorted({row.label for row in rows})
        self.labels = torch.tensor([labels.index(row.label) for row in rows], device=device)
        dev = read_rows(pack, "image", "dev", "dev_unseen")
        self.dev = pictures.read_photos(dev).to(device)
        self.members = [(self.labels == index).nonzero()[:, 0] for index in range(len(labels))]
        self.layout = layout

    def draw(self, count: int) -> Tensor:
        """Draw indices of photos, `CLASS_SIZE` of a class beside each other."""
        chosen = torch.randint(0, len(self.members), (count // CLASS_SIZE,)).tolist()
        drawn = [
            self.members[index][torch.randint(0, len(self.members[index]), (CLASS_SIZE,))]
            for index in chosen
        ]
        return torch.cat(drawn)

    @torch.no_grad()
    def features(self, photos: Tensor) -> Tensor:
        """Map RGB `(B, 3, H, W)` in [0, 1] to `(B, E)`."""
        mean, spread = (torch.from_numpy(each).to(photos.device) for each in (MEAN, SPREAD))
        out: Tensor = self.trunk(((photos - mean) / spread).contiguous(memory_format=self.layout))
        return out.float().mean((2, 3))

    def meaning(self, features: Tensor) -> Tensor:
        """Map features to the mixture of the names of the ten likeliest ImageNet classes."""
        chances = (features @ self.classes.T + self.offsets).softmax(-1)
        return mixture(chances, self.vectors)


def contrast(left: Tensor, right: Tensor, same: Tensor | None = None) -> Tensor:
    """Return the loss of finding the row of `right` by that of `left`, and the other way round.

    Args:
        left: Shape `(B, D)`, unit length.
        right: Shape `(B, D)`, unit length.
        same: Bool `(B, B)`, true for pairs that may be alike and are not contrasted; the diagonal
            is ignored.
    """
    odds = left @ right.T / TEMPERATURE
    if same is not None:
        odds = odds.masked_fill(
            same & ~torch.eye(len(odds), dtype=torch.bool, device=odds.device), -1e4
        )
    target = torch.arange(len(odds), device=odds.device)
    return (F.cross_entropy(odds, target) + F.cross_entropy(odds.T, target)) / 2


def gathered(vectors: Tensor, labels: Tensor) -> Tensor:
    """Return the supervised contrastive loss of vectors and labels (Khosla et al., 2020)."""
    odds = vectors @ vectors.T / TEMPERATURE
    itself = torch.eye(len(odds), dtype=torch.bool, device=odds.device)
    chances = odds.masked_fill(itself, -1e4).log_softmax(1)
    alike = (labels[:, None] == labels) & ~itself
    held = alike.sum(1)
    return -((chances * alike).sum(1) / held.clamp(min=1))[held > 0].mean()


def named(vectors: Tensor, targets: Tensor, answers: Tensor) -> Tensor:
    """Return the loss of vectors that should be near their name, and nearer than to others."""
    apart = F.cross_entropy(vectors @ targets.T / TEMPERATURE, answers, label_smoothing=SMOOTHING)
    return apart + 0.5 * (1 - (vectors * targets[answers]).sum(1).mean())


class Lesson:
    """The network for maps, the photos' projection, and the data that they learn from."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.device = torch.device(arguments.device)
        self.layout = torch.channels_last
        names = Names(arguments.cache / "names.pt")
        self.photos = Photos(arguments.pack, arguments.package, names, self.device, self.layout)
        self.labelled = {
            modality: Labelled.read([arguments.pack, *arguments.more], modality, names, self.device)
            for modality in ("thermal", "depth")
        }
        rows = self.labelled["thermal"].train_rows
        self.luminance = pictures.read_luminance(rows).to(self.device)
        self.net = MapNet()
        self.net.trunk.load_state_dict(grey_trunk(self.photos.trunk))
        self.projection = nn.Linear(self.photos.classes.shape[1], 128)
        self.net.to(self.device).to(memory_format=self.layout)
        self.projection.to(self.device)
        self.net.appearance.load_state_dict(self.projection.state_dict())
        self.passing = self.net.trunk.forward
        if self.device.type == "cuda":
            self.passing = torch.compile(self.net.trunk)

    def features(self, maps: Tensor) -> Tensor:
        """Compute `MapNet.features`, in bfloat16 where that is fast."""
        shown = ((maps - MAP_MEAN) / MAP_SPREAD).contiguous(memory_format=self.layout)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            return self.passing(shown).float().mean((2, 3))

    def loss(self) -> dict[str, Tensor]:
        """Draw a batch and return the parts of its loss."""
        chosen = self.photos.draw(PHOTOS)
        photos = self.photos.pictures[chosen].float() / 255
        shown, frames = pictures.views(photos, SEEN)
        other = pictures.seen(photos, pictures.nudged(frames), SEEN)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            photo_features = self.photos.features(shown)
        heat, heat_answers = self._thermal()
        near, near_answers = self._depth()
        maps = [pictures.as_if_thermal(other), heat[0], heat[1], near]
        found = torch.split(self.features(torch.cat(maps)), [len(part) for part in maps])
        appearance = F.normalize(self.projection(F.dropout(photo_features, 0.1)), dim=-1)
        meaning = self.photos.meaning(photo_features)
        labels = self.photos.labels[chosen]
        alike = meaning @ meaning.T > 0.95
        thermal, depth = self.labelled["thermal"], self.labelled["depth"]
        as_thermal = self.net.heads["thermal"](found[0])
        return {
            "pairs": contrast(appearance, self.net.appearance_of(found[0])),
            "alike": 0.3 * gathered(appearance, labels),
            "thermal-meaning": 1 - (as_thermal * meaning).sum(1).mean(),
            "thermal-pairs": 0.3 * contrast(as_thermal, meaning, alike),
            "heat": named(self.net.heads["thermal"](found[1]), thermal.targets, heat_answers),
            "heat-pairs": 0.2
            * contrast(self.net.appearance_of(found[1]), self.net.appearance_of(found[2])),
            "near": named(self.net.heads["depth"](found[3]), depth.targets, near_answers),
        }

    def _thermal(self) -> tuple[tuple[Tensor, Tensor], Tensor]:
        labelled = self.labelled["thermal"]
        chosen = torch.randint(0, len(labelled.train), (THERMALS,), device=self.device)
        plain = torch.rand(THERMALS, 1, 1, 1, device=self.device) < 0.3
        maps = torch.where(plain, self.luminance[chosen], labelled.train[chosen])
        first, frames = pictures.views(maps, SEEN, zoom=(0.5, 1.0))
        second = pictures.seen(maps, pictures.nudged(frames), SEEN)
        bent = pictures.toned(first, bent=0.0)
        soft = torch.rand(THERMALS, 1, 1, 1, device=self.device) < 0.5
        first = pictures.erased(pictures.noisy(pictures.blurred(torch.where(soft, bent, first))))
        second = pictures.noisy(pictures.blurred(pictures.toned(second)))
        return (first, second), labelled.answers[chosen]

    def _depth(self) -> tuple[Tensor, Tensor]:
        labelled = self.labelled["depth"]
        chosen = torch.randint(0, len(labelled.train), (DEPTHS,), device=self.device)
        maps, _ = pictures.views(labelled.train[chosen], SEEN, zoom=(0.5, 1.0), turn=15.0)
        near = pictures.nearness(maps, jitter=True)
        bent = near ** torch.exp(0.4 * torch.randn(DEPTHS, 1, 1, 1, device=self.device))
        return pictures.erased(pictures.noisy(pictures.blurred(bent))), labelled.answers[chosen]

    @torch.no_grad()
    def figures(self, taught: nn.Module) -> dict[str, float]:
        """Measure on dev: names of maps, and photos found by their thermal look, and back."""
        net, projection = taught.get_submodule("net"), taught.get_submodule("projection")
        assert isinstance(net, MapNet)
        passing, self.passing = self.passing, net.trunk.forward
        centre = slice((STORED - SEEN) // 2, (STORED + SEEN) // 2)
        results: dict[str, float] = {}
        for modality, part in self.labelled.items():
            maps = part.dev if modality == "thermal" else pictures.nearness(part.dev)
            features = self.features(maps[..., centre, centre])
            top1, top5 = part.named(net.heads[modality](features))
            results |= {f"{modality} top-1": top1, f"{modality} top-5": top5}
        with torch.random.fork_rng():
            torch.manual_seed(SEED)
            photos = self.photos.dev.float() / 255
            left = self.photos.features(photos[..., centre, centre])
            shown, _ = pictures.views(photos, SEEN, zoom=(0.85, 0.95), turn=2, flip=False)
            right = self.features(pictures.as_if_thermal(shown))
        photo_looks, map_looks = F.normalize(projection(left), dim=-1), net.appearance_of(right)
        both = photo_looks @ map_looks.T
        for tag, odds in (("photo-map", both), ("map-photo", both.T)):
            place = (odds > odds.diag()[:, None]).sum(1)
            results[f"{tag} R@1"] = float((place < 1).float().mean())
            results[f"{tag} R@10"] = float((place < 10).float().mean())
        self.passing = passing
        return results


def grey_trunk(trunk: Trunk) -> dict[str, Tensor]:
    """Return the trunk for one channel, which treats it nearly as a grey picture in colour."""
    state = {key: value.clone() for key, value in trunk.state_dict().items()}
    spread = torch.from_numpy(SPREAD).to(state["stem.weight"].device)
    state["stem.weight"] = (state["stem.weight"] * MAP_SPREAD / spread).sum(1, keepdim=True)
    return state


def train(arguments: argparse.Namespace) -> tuple[nn.Module, dict[str, float]]:
    """Train until the last step; return the average, and its figures on dev."""
    torch.manual_seed(SEED)
    lesson = Lesson(arguments)
    taught = nn.ModuleDict({"net": lesson.net, "projection": lesson.projection})
    trunk = list(lesson.net.trunk.parameters())
    rest = [*lesson.net.heads.parameters(), *lesson.net.appearance.parameters()]
    optimiser = torch.optim.AdamW(
        [
            {"params": trunk, "lr": TRUNK_RATE},
            {"params": [*rest, *lesson.projection.parameters()], "lr": HEAD_RATE},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    course = Course(taught, optimiser, arguments.cache / "maps.checkpoint.pt", decay=DECAY)
    pace, began = Pace(arguments.steps, arguments.minutes), time.monotonic()
    taught.train()
    while pace.share(course.step) < 1:
        parts = lesson.loss()
        course.descend(
            torch.stack(list(parts.values())).sum(), pace.rate(course.step, warm_up=WARM_UP)
        )
        if course.step % 100 == 0:
            shown = " ".join(f"{key} {part.item():.2f}" for key, part in parts.items())
            spent, began = (time.monotonic() - began) / 100, time.monotonic()
            print(f"step {course.step} of {arguments.steps}, {spent:.2f} s: {shown}", flush=True)
        if course.step % 500 == 0:
            print("  dev", rounded(lesson.figures(course.average)), flush=True)
            course.save()
    course.save()
    figures = lesson.figures(course.average)
    print("dev", rounded(figures), flush=True)
    return course.average, {**figures, "steps": course.step, "seed": SEED}


def rounded(figures: dict[str, float]) -> dict[str, float]:
    return {key: round(value, 3) for key, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True, help="wheel of the trunk's package")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="more packs of maps")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after these minutes")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    average, figures = train(arguments)
    half = {key: value.half().cpu() for key, value in average.state_dict().items()}
    torch.save({"state": half, "figures": figures}, arguments.out)


if __name__ == "__main__":
    main()
