"""Train the sound tower: `python -m training.audio --pack PACK --teachers TEACHERS --out FILE`.

A student hears the same augmented sounds as a teacher, and learns its features and its log-odds; no
label of the pack is used. About 15 minutes on an H100; hours on a CPU.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.course import Course, Pace
from training.norms import with_norms, without_norms
from training.pack import CACHE
from training.sounds import Augmenter, Recordings
from training.teacher import Teacher
from training.towers.audio_tower import ConvNorm, SoundNet
from training.towers.log_mel import LogMel

SEED = 0
RATE, WEIGHT_DECAY = 1.5e-3, 1e-2  # for AdamW
WARM_UP = 300  # steps
DECAY = 0.999  # of the running average of the weights, which is the result
SURE = -12.0  # log-odds below which differences are ignored
MASKED = 0.3  # share of a batch in which a band of frequencies is silenced
SAVED_EVERY = 500  # steps between two checkpoints
SOURCES = (
    "own network, begun from an earlier student of ours (6,400 steps), taught by YAMNet "
    "(Apache-2.0; not shipped)",
    "sounds: ESC-10 folds 1-3, Noisekun, Blanket, IBM MAX samples, donateacry, Sonic Pi, "
    "BigSoundBank (see ATTRIBUTION.md)",
)


def loss_of(student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor]) -> Tensor:
    """Return how far the student's features and log-odds are from the teacher's."""
    (features, odds), (goal, goal_odds) = student, teacher
    apart = F.mse_loss(features, goal) / goal.var()
    turned = 1 - F.cosine_similarity(features, goal).mean()
    chances = goal_odds.sigmoid()
    wrong = F.binary_cross_entropy_with_logits(odds, chances, reduction="none").sum(1).mean()
    off = F.mse_loss(odds.clamp(min=SURE), goal_odds.clamp(min=SURE))
    return apart + 2 * turned + 0.15 * wrong + 0.02 * off


def masked(mels: Tensor) -> Tensor:
    """Silence a band of up to 8 mel bins in some items of `(B, T, M)`."""
    count, _, bins = mels.shape
    start = torch.randint(0, bins, (count, 1, 1), device=mels.device)
    width = torch.randint(0, 9, (count, 1, 1), device=mels.device)
    at = torch.arange(bins, device=mels.device)
    band = (at >= start) & (at < start + width)
    chosen = torch.rand(count, 1, 1, device=mels.device) < MASKED
    return mels.masked_fill(band & chosen, math.log(0.001))


def adopt(net: SoundNet, stored: dict[str, Tensor]) -> None:
    """Copy the weights of an earlier student, whose layers come in the same order."""
    theirs = [value.float() for key, value in stored.items() if "num_batches" not in key]
    ours = net.state_dict()
    kept = [key for key in ours if "num_batches" not in key and not _is_spare(key)]
    shapes = [tuple(ours[key].shape) for key in kept]
    if shapes != [tuple(value.shape) for value in theirs]:
        raise ValueError("the student to start from has other sizes")
    spare = {key: torch.zeros_like(ours[key]) for key in ours if _is_spare(key)}
    counts = {key: value for key, value in ours.items() if "num_batches" in key}
    net.load_state_dict({**dict(zip(kept, theirs, strict=True)), **spare, **counts})


def _is_spare(key: str) -> bool:
    return key.endswith("conv.bias")  # the offset of a batch norm does the same


def train(arguments: argparse.Namespace) -> tuple[Course, float]:
    """Train until the last step; return the course and the last loss."""
    device = torch.device(arguments.device)
    torch.manual_seed(SEED)
    augmenter = Augmenter(Recordings(arguments.pack, device))
    print(f"{augmenter.recordings.minutes:.0f} minutes of sound", flush=True)
    teacher = Teacher(arguments.teachers / "yamnet_torch.npz", device)
    log_mel = LogMel().to(device)
    student = with_norms(SoundNet(), ConvNorm, nn.BatchNorm2d)
    if arguments.start is not None:
        adopt(student, torch.load(arguments.start, "cpu", weights_only=True))
    student = student.to(device).to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(student.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    course = Course(student, optimiser, arguments.cache / "audio.checkpoint.pt", decay=DECAY)
    hear = torch.compile(student) if device.type == "cuda" else student
    judge = torch.compile(teacher.__call__) if device.type == "cuda" else teacher
    pace, began = Pace(arguments.steps, arguments.minutes), time.monotonic()
    loss = torch.tensor(math.nan)
    while pace.share(course.step) < 1:
        with torch.no_grad():
            mels = log_mel(augmenter.draw(arguments.batch))
            goal = judge(mels)
        with torch.autocast(device.type, torch.bfloat16):
            features, odds = hear(masked(mels))
        loss = loss_of((features.float(), odds.float()), goal)
        course.descend(loss, pace.rate(course.step, warm_up=WARM_UP))
        if course.step % 200 == 0:
            spent, began = (time.monotonic() - began) / 200, time.monotonic()
            line = f"step {course.step} of {arguments.steps}, {spent:.3f} s"
            print(f"{line}: loss {loss.item():.3f}", flush=True)
        if course.step % SAVED_EVERY == 0:
            course.save()
    course.save()
    return course, loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--teachers", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="weights of an earlier student")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after these minutes")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", type=Path, required=True, help="file for training.assemble")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    course, loss = train(arguments)
    average = course.average
    assert isinstance(average, SoundNet)
    state = without_norms(average, ConvNorm)
    half = {key: value.half() for key, value in state.items()}
    figures = {"seed": SEED, "steps": course.step, "batch": arguments.batch, "loss": loss}
    torch.save({"state": half, **figures}, arguments.out)


if __name__ == "__main__":
    main()
