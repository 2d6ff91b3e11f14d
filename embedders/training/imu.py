"""Train the tower for motion: `python -m training.imu --pack PACK`. Two minutes on two cores.

Recordings of people in an activity are mapped to the vector of its name. They are augmented:
turned as if the sensor were worn otherwise, slowed down, sped up, sampled more rarely, and with and
without gravity.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.mini.inputs import RATE, WINDOW, imu_windows
from sensorium.percepts import IMU
from training.class_names import Names, class_vectors
from training.course import Course, Pace
from training.norms import with_norms, without_norms
from training.pack import CACHE, Row, read_rows
from training.release import write_tower
from training.towers.imu_tower import Convolution, ImuTower

SEED = 0
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.02  # for AdamW
BATCH, WARM_UP, DECAY = 192, 50, 0.99
TEMPERATURE, SMOOTHING = 0.07, 0.05
SPEEDS = (0.85, 1.18)  # factors of the speed of motion
THINNING = 5  # of five samples one is kept, as of a recording at 10 Hz
# Shares of a batch that are thinned out, turned anyhow, without gravity, and without gyroscope.
THINNED, ROTATED, NO_GRAVITY, NO_GYROSCOPE = 0.2, 0.5, 0.15, 0.05
TILT = 0.12  # noise on the quaternion of a sensor that is worn about the usual way
TEMPLATES = ("{}", "a person {}", "motion of {}")
ASKED = "a person {}"
PHRASES = {  # other words for the labels
    "walking": ("a person walking", "walking along a street"),
    "walking upstairs": ("climbing stairs", "going up the stairs"),
    "walking downstairs": ("going down the stairs", "descending stairs"),
    "jogging": ("running", "going for a run"),
    "sitting still": ("sitting on a chair", "sitting at a desk"),
    "standing still": ("standing", "standing in place without moving"),
    "standing up from a chair": ("getting up from a seat",),
    "turning around": ("turning on the spot",),
    "sitting down": ("sitting down on a chair",),
}
SOURCES = (
    "own network, MotionSense (MIT), GeoTec sp/sw HAR (CC-BY-4.0), seglearn watch (BSD-3-Clause)",
)


def read_recordings(rows: list[Row]) -> list[NDArray[np.float32]]:
    """Read recordings as `(T, 6)` at 50 Hz, through the percept."""
    archives = {row.path.as_posix().split("#")[0] for row in rows}
    opened = {name: np.load(name) for name in sorted(archives)}
    recordings = []
    for row in rows:
        name, key = row.path.as_posix().split("#")
        motion = opened[name][key].astype(np.float32)
        percept = IMU(motion, rate=float(opened[name][f"{key}_fs"]), accel="m/s^2", gyro="rad/s")
        recordings.append(np.concatenate([part.samples for part in percept.segments(RATE)]))
    return recordings


class Motions:
    """Draws batches of augmented motion."""

    def __init__(self, rows: list[Row], recordings: list[NDArray[np.float32]]) -> None:
        self.labels = sorted({row.label for row in rows})
        self.groups: list[list[list[NDArray[np.float32]]]] = []  # label, data set, recording
        for label in self.labels:
            held: dict[str, list[NDArray[np.float32]]] = {}
            for row, recording in zip(rows, recordings, strict=True):
                if row.label == label:
                    held.setdefault(row.source, []).append(recording)
            self.groups.append(list(held.values()))
        self.random = np.random.default_rng(SEED)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Draw motion `(B, T, 6)` and the index of its label; each label is equally likely."""
        answers = self.random.integers(len(self.labels), size=count)
        motion = np.stack([self._stretch(self.groups[answer]) for answer in answers])
        return worn_otherwise(torch.from_numpy(motion)), torch.from_numpy(answers)

    def _stretch(self, group: list[list[NDArray[np.float32]]]) -> NDArray[np.float32]:
        held = group[self.random.integers(len(group))]
        weights = np.array([max(len(recording), RATE) for recording in held], float)
        recording = held[self.random.choice(len(held), p=weights / weights.sum())]
        length = int(WINDOW * self.random.uniform(*SPEEDS))
        if len(recording) < length:
            recording = np.pad(recording, ((0, length - len(recording)), (0, 0)), "symmetric")
        start = self.random.integers(len(recording) - length + 1)
        at = np.linspace(start, start + length - 1, WINDOW)
        low = np.minimum(at.astype(int), len(recording) - 2)
        share = (at - low)[:, None].astype(np.float32)
        motion = recording[low] * (1 - share) + recording[low + 1] * share
        return thinned(motion) if self.random.random() < THINNED else motion


def thinned(motion: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return motion `(T, 6)` as if it was recorded at 10 Hz and resampled to 50 Hz."""
    coarse = motion[::THINNING]
    at = np.arange(len(motion)) / THINNING
    columns = [np.interp(at, np.arange(len(coarse)), column) for column in coarse.T]
    return np.stack(columns, 1).astype(np.float32)


def worn_otherwise(motion: Tensor) -> Tensor:
    """Turn, scale and disturb motion `(B, T, 6)`, as if another sensor was worn otherwise."""
    count = len(motion)
    anyhow = torch.rand(count, 1) < ROTATED
    tilted = torch.cat([torch.ones(count, 1), TILT * torch.randn(count, 3)], 1)
    turn = rotations(torch.where(anyhow, torch.randn(count, 4), tilted))  # (B, 3, 3)
    acceleration, turning = (
        torch.einsum("bij,btj->bti", turn, part) for part in torch.split(motion, 3, 2)
    )
    gravity = acceleration.mean(1, keepdim=True)
    acceleration = acceleration - gravity * (torch.rand(count, 1, 1) < NO_GRAVITY)
    turning = turning * (torch.rand(count, 1, 1) > NO_GYROSCOPE)
    gain = (1 + 0.15 * torch.randn(count, 1, 1)).clamp(0.6, 1.5)
    both = torch.cat([acceleration, turning], 2) * gain
    return both + 0.1 * torch.rand(count, 1, 1) * torch.randn_like(both)


def rotations(quaternions: Tensor) -> Tensor:
    """Map quaternions `(B, 4)` of any length to rotation matrices `(B, 3, 3)`."""
    w, x, y, z = F.normalize(quaternions, dim=-1).unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def label_vectors(names: Names, labels: list[str]) -> Tensor:
    """Map labels, each in several phrases, to unit vectors `(N, S)`."""
    rows = [class_vectors(names, [label, *PHRASES.get(label, ())], TEMPLATES) for label in labels]
    return F.normalize(torch.stack([row.mean(0) for row in rows]), dim=-1)


def named(tower: ImuTower, rows: list[Row], names: Names) -> dict[str, float]:
    """Return how often dev recordings get their true name, among the names of their data set."""
    figures = {}
    with torch.inference_mode():
        for source in sorted({row.source for row in rows}):
            part = [row for row in rows if row.source == source]
            labels = sorted({row.label for row in part})
            asked = names.vectors([ASKED.format(label) for label in labels])
            right = 0
            for row, recording in zip(part, read_recordings(part), strict=True):
                percept = IMU(recording, rate=RATE, accel="m/s^2", gyro="rad/s")
                inputs = np.stack([window.inputs for window in imu_windows(percept)])
                pooled = tower(torch.from_numpy(inputs)).mean(0)
                right += labels[int((asked @ pooled).argmax())] == row.label
            figures[f"dev {source}"] = right / len(part)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--steps", type=int, default=1500)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    names = Names(arguments.cache / "names.pt")
    rows = read_rows(arguments.pack, "imu", "train")
    motions = Motions(rows, read_recordings(rows))
    targets = label_vectors(names, motions.labels)
    tower = with_norms(ImuTower(), Convolution, nn.BatchNorm1d)
    optimiser = torch.optim.AdamW(tower.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    saved = arguments.cache / "imu.checkpoint.pt"
    course, pace = Course(tower, optimiser, saved, decay=DECAY), Pace(arguments.steps)
    tower.train()
    while pace.share(course.step) < 1:
        motion, answers = motions.draw(BATCH)
        vectors = tower(motion)
        odds = vectors @ targets.T / TEMPERATURE
        apart = F.cross_entropy(odds, answers, label_smoothing=SMOOTHING)
        loss = apart + 0.5 * (1 - (vectors * targets[answers]).sum(1).mean())
        course.descend(loss, pace.rate(course.step, warm_up=WARM_UP))
        if course.step % 100 == 0:
            print(f"step {course.step} of {arguments.steps}: loss {loss.item():.3f}", flush=True)
            course.save()
    average = course.average
    state = without_norms(average, Convolution)
    tower = ImuTower().eval()
    tower.load_state_dict(state)
    figures = named(tower, read_rows(arguments.pack, "imu", "dev"), names)
    print(figures)
    training = {"seed": SEED, "steps": course.step, **{k: round(v, 3) for k, v in figures.items()}}
    write_tower("imu", state, licence="Apache-2.0", sources=SOURCES, training=training)


if __name__ == "__main__":
    main()
