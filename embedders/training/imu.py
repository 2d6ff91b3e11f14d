"""Train the tower for motion: `python -m training.imu --pack PACK`. Ten minutes on two cores.

Recordings of people in an activity are mapped to its kind. They are augmented, see
`training.motions`: as if the sensor were worn otherwise and elsewhere, stronger, weaker, slowed
down, sped up, sampled more rarely, with and without gravity and gyroscope, and of hands that are
not still while the body is. `--more` takes further packs, of the same form.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.mini.inputs import RATE, imu_windows
from sensorium.percepts import IMU
from training.class_names import Names, class_vectors
from training.course import Course, Pace
from training.motions import Motions
from training.norms import with_norms, without_norms
from training.pack import CACHE, Row, read_rows
from training.release import write_tower
from training.towers.imu_tower import Convolution, ImuTower

SEED = 0
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 0.02  # for AdamW
BATCH, WARM_UP, DECAY = 192, 50, 0.99
SMOOTHING = 0.05
TEMPLATES = ("{}", "a person {}", "motion of {}")
ASKED = "a person {}"
KINDS = {  # labels of the packs, and other words for them
    "walking": ("walking along a street",),
    "walking upstairs": ("climbing stairs", "going up the stairs"),
    "walking downstairs": ("going down the stairs", "descending stairs"),
    "jogging": ("running", "going for a run"),
    "sitting still": ("sitting", "sitting on a chair"),
    "standing still": ("standing", "standing in place without moving"),
    "lying still": ("lying down", "lying on a bed"),
    "standing up from a chair": ("getting up from a seat",),
    "turning around": ("turning on the spot",),
    "sitting down": ("sitting down on a chair",),
    "cycling": ("riding a bicycle",),
    "pendulum arm swing exercise": (),
    "shoulder abduction exercise, raising the arm sideways": (),
    "forward elevation exercise, raising the arm forward": (),
    "internal rotation shoulder exercise with a resistance band": (),
    "external rotation shoulder exercise with a resistance band": (),
    "trapezius extension exercise": (),
    "upright row exercise": (),
}
SOURCES = (
    "own network, MotionSense (MIT), GeoTec sp/sw HAR (CC-BY-4.0), seglearn watch (BSD-3-Clause)",
)
MORE = (
    "stm32ai-wiki's human activities (BSD-3-Clause), PAMAP2's wrist recordings (CC-BY-4.0), "
    "DiFronzo's phone recordings (MIT)",
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


def kind_vectors(names: Names) -> Tensor:
    """Return the unit vectors of the kinds, `(K, S)`, each the mean of its phrases."""
    rows = [class_vectors(names, [kind, *words], TEMPLATES) for kind, words in KINDS.items()]
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
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="further packs")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--steps", type=int, default=1500)
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(SEED)
    names = Names(arguments.cache / "names.pt")
    packs = [arguments.pack, *arguments.more]
    rows = [row for pack in packs for row in read_rows(pack, "imu", "train")]
    labelled = [(row.source, row.label) for row in rows]
    held = [(*label, made) for label, made in zip(labelled, read_recordings(rows), strict=True)]
    motions = Motions(held, list(KINDS), SEED)
    tower = with_norms(ImuTower(), Convolution, nn.BatchNorm1d)
    tower.names.copy_(kind_vectors(names))
    optimiser = torch.optim.AdamW(tower.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    saved = arguments.cache / "imu.checkpoint.pt"
    course, pace = Course(tower, optimiser, saved, decay=DECAY), Pace(arguments.steps)
    tower.train()
    while pace.share(course.step) < 1:
        motion, weights = motions.draw(BATCH)
        loss = F.cross_entropy(tower.odds(motion), weights, label_smoothing=SMOOTHING)
        course.descend(loss, pace.rate(course.step, warm_up=WARM_UP))
        if course.step % 100 == 0:
            print(f"step {course.step} of {arguments.steps}: loss {loss.item():.3f}", flush=True)
            course.save()
    state = without_norms(course.average, Convolution)
    tower = ImuTower().eval()
    tower.load_state_dict(state)
    figures = named(tower, read_rows(arguments.pack, "imu", "dev"), names)
    print(figures)
    sources = SOURCES + (MORE if arguments.more else ())
    training = {"seed": SEED, "steps": course.step, **{k: round(v, 3) for k, v in figures.items()}}
    write_tower("imu", state, licence="Apache-2.0", sources=sources, training=training)


if __name__ == "__main__":
    main()
