"""Episodes found in joined recordings whose borders are known.

`python benchmarks/episodes.py PACK`, where PACK is the folder of sensorium-mini's training data
with its `manifest.csv`; the table is kept in benchmarks/episodes.md. Real recordings of sound
(Noisekun, Blanket, IBM MAX) and motion (MotionSense) and photos of one kind (Caltech-101) are
joined into days of twelve episodes: each has one to three senses, a third begin after a gap of 5
minutes to 8 hours, the others within 20 seconds; half of the days have noisy places. The constants
of `memory/episodes/evidence.py` were chosen on one half of the kinds and recordings; reported is
the other half.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import machine_lines
from numpy.typing import NDArray

from sensorium.encoders import Encoder, load_encoder
from sensorium.memory.episodes.detection import Detector, Observation
from sensorium.percepts import IMU, Audio, Image, Percept

SOUNDS = ("Noisekun", "Blanket", "IBM MAX-Audio-Classifier samples")
PHOTOS = 16  # of a kind
CADENCE = {"audio": 2.0, "imu": 2.0, "image": 12.0}  # seconds between observations
EPISODES, SEEDS = 12, 24
TOLERANCE, NEAR = 15.0, 2  # a border is found within so many seconds, or so many observations
WINDOW, THRESHOLD, LONG = 4, 1.3, 200.0  # of the window method; chosen on the first half, too
PAUSE = 300.0  # seconds: of gaps alone
Rows = NDArray[np.float32]
Pool = Mapping[str, Sequence[tuple[str, Rows]]]


class Day(NamedTuple):
    """Joined recordings."""

    observations: list[Observation]
    borders: list[int]


def encoded(pack: Path, encoder: Encoder) -> tuple[Pool, Pool]:
    """Encode the recordings; return two halves, rows by modality with their kind."""
    with (pack / "manifest.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    found: dict[str, dict[str, list[Rows]]] = {name: defaultdict(list) for name in CADENCE}
    background = encoder.background
    assert background is not None

    def put(modality: str, label: str, percepts: Sequence[Percept]) -> None:
        rows = np.concatenate([each.vectors for each in encoder.encode(percepts)])
        found[modality][label].append(background.centre(rows, modality))

    photos: dict[str, list[str]] = defaultdict(list)
    with np.load(pack / "imu" / "motionsense.npz") as motions:
        for row in listed:
            if row["source"] in SOUNDS:
                put("audio", row["label"], [Audio(pack / row["file"])])
            elif row["source"] == "MotionSense":
                key = row["file"].partition("#")[2]
                samples, rate = motions[key].astype(np.float32), float(motions[f"{key}_fs"])
                put("imu", row["label"], [IMU(samples, accel="m/s^2", gyro="rad/s", rate=rate)])
            elif row["source"] == "caltech101":
                photos[row["label"]].append(row["file"])
    for label in sorted(photos)[::2]:
        if len(photos[label]) >= PHOTOS - 4:
            put("image", label, [Image(pack / name) for name in photos[label][:PHOTOS]])
    return _half(found, 0), _half(found, 1)


def _half(found: Mapping[str, Mapping[str, Sequence[Rows]]], half: int) -> Pool:
    """Every other kind of sound and photo; of the six kinds of motion every other recording."""
    pool = {}
    for modality, kinds in found.items():
        pairs = [(label, rows) for label in sorted(kinds) for rows in kinds[label]]
        mine = sorted(kinds)[half::2]
        pool[modality] = (
            pairs[half::2] if modality == "imu" else [pair for pair in pairs if pair[0] in mine]
        )
    return pool


def joined(pool: Pool, seed: int, *, slower: float = 1.0) -> Day:
    """Join recordings into a day; `slower` stretches all its times."""
    random = np.random.default_rng(seed)
    has_place, here, now = random.random() < 0.5, np.zeros(2), 0.0
    found: list[Observation] = []
    borders: list[int] = []
    last: dict[str, str] = {}
    for number in range(EPISODES):
        if number:
            borders.append(len(found))
            gap = 10 ** random.uniform(0.7, 2.7) * 60
            now += gap if random.random() < 0.3 else random.uniform(2, 20)
            if has_place and random.random() < 0.6:
                here = here + random.normal(0, 1, 2) * 10 ** random.uniform(2, 3.5)
        senses = [name for name in pool if random.random() < 0.6]
        span, items = random.uniform(40, 180), []
        for name in senses or [list(pool)[random.integers(len(pool))]]:
            kinds = [pair for pair in pool[name] if pair[0] != last.get(name)]
            last[name], rows = kinds[random.integers(len(kinds))]
            every = CADENCE[name] * np.exp(random.normal(0, 0.2))
            count = min(len(rows), int(span / every) + 1)
            first = random.integers(len(rows) - count + 1)
            for i in range(count):
                at = now + i * every + random.uniform(0, 0.3 * every)
                items.append((at, name, rows[first + i]))
        for at, name, row in sorted(items, key=lambda item: item[0]):
            metres = here + random.normal(0, 8, 2)
            seen = has_place and random.random() < 0.5
            where = ("earth", (float(metres[0]), float(metres[1]), 0.0)) if seen else None
            found.append(Observation(at * slower, {name: row}, where))
            now = at
    return Day(found, borders)


def detected(day: Day) -> list[int]:
    """Borders of the detection that a memory uses."""
    detector = Detector()
    for observation in day.observations:
        detector.add(observation)
    return detector.starts()[1:]


def without(day: Day, *, rows: bool = True, places: bool = True) -> Day:
    """Return the day without its vectors, or without its places."""
    kept = [
        Observation(each.at, each.rows if rows else {}, each.position if places else None)
        for each in day.observations
    ]
    return Day(kept, day.borders)


def gaps(day: Day) -> list[int]:
    """Borders at every pause of five minutes."""
    times = [each.at for each in day.observations]
    return [i for i in range(1, len(times)) if times[i] - times[i - 1] > PAUSE]


def windows(day: Day) -> list[int]:
    """Borders where the means of two windows differ: a two-sample test with a linear kernel."""
    scores = np.zeros(len(day.observations))
    for name in CADENCE:
        indices = [i for i, each in enumerate(day.observations) if name in each.rows]
        if not indices:
            continue
        block = np.stack([day.observations[i].rows[name] for i in indices])
        sums = np.concatenate([np.zeros((1, block.shape[1])), np.cumsum(block, axis=0)])
        for j in range(2, len(indices) - 1):
            low, high = max(0, j - WINDOW), min(len(indices), j + WINDOW)
            m, n = j - low, high - j
            a, b = sums[j] - sums[low], sums[high] - sums[j]
            apart = (a @ a - m) / (m * (m - 1)) + (b @ b - n) / (n * (n - 1)) - 2 * a @ b / (m * n)
            scale = np.sqrt(m * n / (m + n) / (WINDOW / 2))
            scores[indices[j]] = max(scores[indices[j]], apart * scale)
    times = np.array([each.at for each in day.observations])
    scores[1:][np.diff(times) > LONG] += 10
    found: list[int] = []
    for i in np.argsort(-scores).tolist():
        if scores[i] < THRESHOLD:
            break
        if all(abs(i - other) > WINDOW for other in found):
            found.append(i)
    return sorted(found)


def matched(day: Day, found: Sequence[int], slower: float) -> int:
    """Count borders that were found, each by one."""
    left, count = list(day.borders), 0
    for border in found:
        near = [
            each
            for each in left
            if abs(border - each) <= NEAR
            or abs(day.observations[border].at - day.observations[each].at) <= TOLERANCE * slower
        ]
        if near:
            left.remove(min(near, key=lambda each: abs(border - each)))
            count += 1
    return count


def line(name: str, days: Sequence[Day], find: Callable[[Day], list[int]], slower: float) -> str:
    """Measure one method on some days; return its row of the table."""
    hits = found = true = observations = 0
    began = time.process_time()
    for day in days:
        borders = find(day)
        hits += matched(day, borders, slower)
        found, true = found + len(borders), true + len(day.borders)
        observations += len(day.observations)
    micro = (time.process_time() - began) / observations * 1e6
    f1, precision, recall = 2 * hits / (found + true), hits / max(found, 1), hits / true
    return f"| {name} | {f1:.3f} | {precision:.3f} | {recall:.3f} | {micro:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path)
    pack = parser.parse_args().pack
    first, second = encoded(pack, load_encoder("sensorium-mini"))
    print("# Episodes in joined recordings\n")
    print(*machine_lines(), sep="\n")
    print(f"- {SEEDS} days of {EPISODES} episodes; a border counts within {TOLERANCE:.0f} s or two")
    print("  observations\n")
    print("| | F1 | precision | recall | µs of CPU an observation |\n|---|---|---|---|---|")
    days = [joined(second, seed) for seed in range(SEEDS)]
    tuned = [joined(first, seed) for seed in range(SEEDS)]
    rows = [without(day, places=False) for day in days]
    bare = [without(day, rows=False) for day in days]
    print(line("what a memory uses, on the half that nothing was chosen on", days, detected, 1))
    print(line("the same, on the half its constants were chosen on", tuned, detected, 1))
    for slower in (60, 1000):
        slow = [joined(second, seed, slower=slower) for seed in range(SEEDS)]
        print(line(f"the same, all times {slower} times as long", slow, detected, slower))
    print(line("without places", rows, detected, 1))
    print(line("without vectors", bare, detected, 1))
    print(line("two windows compared, and gaps", days, windows, 1))
    print(line("gaps of five minutes alone", days, gaps, 1))


if __name__ == "__main__":
    main()
