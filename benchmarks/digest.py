"""A year of a body-worn stream that is digested twice a month: what it takes, and what is found.

    python benchmarks/digest.py PACK                # a year, some eight minutes of CPU
    python benchmarks/digest.py PACK --months 3     # to try the script
    python benchmarks/digest.py --many 100000       # one digest of so many frames

PACK is the folder of sensorium-mini's training data with its `manifest.csv`; the tables are kept in
benchmarks/digest.md. The stream is ten hours a day of sound, motion and pictures in turn, a frame
every four minutes, from 9 to 60 frames in the same place. Vectors are those of real recordings with
variation: noise, and every fiftieth frame mixed with another one at random. In each month twenty
events of three frames are planted: a sound of ESC-10, another motion, a thing that is nowhere else.
Each event is asked for by another recording of its kind, among all frames of its month.

The constants of `memory/digesting/novelty.py` were chosen on months of one half of the recordings
and kinds, of twice as many frames a day; the year is of the other half.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from machine import machine_lines
from measure import resident
from numpy.typing import NDArray

from sensorium.encoders import Background, Encoder, load_encoder, normalise
from sensorium.memory import Memory, Moment
from sensorium.memory.digesting.novelty import chosen, novelty, tell
from sensorium.memory.episodes.detection import Detector, Observation
from sensorium.percepts import IMU, Audio, Image, Percept

SCENES = ("Noisekun", "Blanket", "IBM MAX-Audio-Classifier samples")
SENSES = ("audio", "imu", "image")
PHOTOS = 12  # of a kind
DAYS, FRAMES, EVERY = 30, 150, 240.0  # of a month; of a day; seconds
EVENTS, LONG = 20, 3  # of a month; frames of an event
HALF = OLD = timedelta(days=15)  # from one digest to the next; age of what is digested
MOST = 130_000_000  # bytes: `most_bytes` of the digests
NOISE, MIXED = 0.15, 50  # length of the noise of a vector; one frame in so many is mixed
FIRST = 10  # hits among which an event is found
MB = 1e6
Rows = NDArray[np.float32]
Kept = NDArray[np.bool_]
Found = dict[str, list[tuple[str, str, Rows]]]  # kind, source and rows, by modality


class Pool(NamedTuple):
    """Rows of recordings: what scenes and events are made of, and what asks for events."""

    scenes: Mapping[str, Sequence[tuple[str, Rows]]]
    events: Mapping[str, Sequence[tuple[str, Rows]]]
    questions: Mapping[tuple[str, str], Sequence[Rows]]


class Event(NamedTuple):
    """What was planted."""

    modality: str
    kind: str
    frames: list[int]


@dataclass
class Month:
    """The frames of a month, in order of time."""

    at: NDArray[np.float64]  # seconds since its begin
    modality: list[str]
    rows: Rows  # (n, D), unit length
    events: list[Event]

    def centred(self, background: Background) -> list[dict[str, Rows]]:
        return [
            {name: background.centre(row, name)}
            for name, row in zip(self.modality, self.rows, strict=True)
        ]


def encoded(pack: Path, encoder: Encoder) -> Found:
    """Encode recordings; return kind, source and rows of each, by modality."""
    with (pack / "manifest.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    found: Found = {name: [] for name in SENSES}
    photos: dict[str, list[str]] = defaultdict(list)

    def put(modality: str, kind: str, source: str, percepts: Sequence[Percept]) -> None:
        found[modality] += [(kind, source, each.vectors) for each in encoder.encode(percepts)]

    with np.load(pack / "imu" / "motionsense.npz") as motions:
        for row in listed:
            kind, source = row["label"], row["source"]
            if source in SCENES or source.startswith("ESC-10"):
                put("audio", kind, source, [Audio(pack / row["file"])])
            elif source == "MotionSense":
                key = row["file"].partition("#")[2]
                samples, rate = motions[key].astype(np.float32), float(motions[f"{key}_fs"])
                put("imu", kind, source, [IMU(samples, accel="m/s^2", gyro="rad/s", rate=rate)])
            elif source == "caltech101":
                photos[kind].append(row["file"])
    for kind in sorted(photos):
        put("image", kind, "caltech101", [Image(pack / name) for name in photos[kind][:PHOTOS]])
    return found


def pool_of(found: Mapping[str, Sequence[tuple[str, str, Rows]]], half: int) -> Pool:
    """Every other recording of sound and motion, and every other kind of photo."""
    sounds = [each for each in found["audio"] if each[1] in SCENES][half::2]
    clips = [each for each in found["audio"] if each[1] not in SCENES]
    motions = found["imu"][half::2]
    kinds = sorted({kind for kind, _, _ in found["image"]})[half::2]
    photos = {k: [rows for kind, _, rows in found["image"] if kind == k] for k in kinds}
    views = [(kind, np.concatenate(photos[kind])) for kind in kinds[::2]]
    things = [(kind, rows) for kind in kinds[1::2] for rows in photos[kind][::2]]
    questions: dict[tuple[str, str], list[Rows]] = defaultdict(list)
    for kind, _, rows in clips[1 - half :: 2]:
        questions["audio", kind].append(rows)
    for kind, _, rows in found["imu"][1 - half :: 2]:
        questions["imu", kind].append(rows)
    for kind in kinds[1::2]:
        questions["image", kind] += photos[kind][1::2]
    return Pool(
        {"audio": _bare(sounds), "imu": _bare(motions), "image": views},
        {"audio": _bare(clips[half::2]), "imu": _bare(motions), "image": things},
        questions,
    )


def cached(file: Path | None, encode: Callable[[], Found]) -> Found:
    """Return the rows that an earlier call kept in a file; encode, and keep them, if none did."""
    if file is not None and file.exists():
        with np.load(file) as kept:
            found: Found = {name: [] for name in SENSES}
            for key in kept.files:
                name, kind, source, _ = key.split("|")
                found[name].append((kind, source, kept[key]))
            return found
    found = encode()
    if file is not None:
        rows = {
            f"{name}|{kind}|{source}|{number}": block
            for name, each in found.items()
            for number, (kind, source, block) in enumerate(each)
        }
        np.savez(file, **rows)
    return found


def _bare(found: Sequence[tuple[str, str, Rows]]) -> list[tuple[str, Rows]]:
    return [(kind, rows) for kind, _, rows in found]


def month_of(pool: Pool, seed: int) -> Month:
    """Make a month."""
    draw = np.random.default_rng(seed)
    everything = {name: np.concatenate([rows for _, rows in pool.scenes[name]]) for name in SENSES}
    at, modality, rows, kinds = [], [], [], []
    for day in range(DAYS):
        scene: dict[str, tuple[str, Rows]] = {}
        left = 0
        for number in range(FRAMES):
            if not left:
                left = int(draw.integers(9, 60))
                for name in SENSES:
                    if name not in scene or draw.random() < 0.7:
                        scene[name] = _scene(pool.scenes[name], draw, views=name == "image")
            left -= 1
            name = SENSES[number % len(SENSES)]
            kind, block = scene[name]
            row = _varied(block, draw)
            if draw.random() < 1 / MIXED:
                row = normalise(row + everything[name][draw.integers(len(everything[name]))])
            at.append(day * 86_400 + 8 * 3600 + number * EVERY)
            modality.append(name)
            rows.append(row)
            kinds.append(kind)
    month = Month(np.array(at), modality, np.stack(rows), [])
    _plant(month, kinds, pool, draw)
    return month


def _scene(
    scenes: Sequence[tuple[str, Rows]], draw: np.random.Generator, *, views: bool
) -> tuple[str, Rows]:
    kind, rows = scenes[draw.integers(len(scenes))]
    return (kind, rows[draw.permutation(len(rows))[:4]]) if views else (kind, rows)


def _varied(block: Rows, draw: np.random.Generator) -> Rows:
    row = block[draw.integers(len(block))]
    noise = draw.standard_normal(len(row)).astype(np.float32) / np.sqrt(len(row))
    return np.asarray(normalise(row + NOISE * noise), np.float32)


def _plant(month: Month, kinds: list[str], pool: Pool, draw: np.random.Generator) -> None:
    """Put events in the place of frames, apart from each other and within a day."""
    step, taken = len(SENSES), set[int]()
    while len(month.events) < EVENTS:
        first = int(draw.integers(len(kinds) - LONG * step))
        frames = list(range(first, first + LONG * step, step))
        near = set(range(first - 3 * step, first + (LONG + 3) * step))
        if first // FRAMES != frames[-1] // FRAMES or near & taken:
            continue
        taken |= near
        name = month.modality[first]
        others = [each for each in pool.events[name] if each[0] not in {kinds[i] for i in frames}]
        kind, block = others[draw.integers(len(others))]
        for index in frames:
            month.rows[index] = _varied(block, draw)
        month.events.append(Event(name, kind, frames))


def salience(month: Month, background: Background) -> dict[str, NDArray[np.float64]]:
    """Tell how telling frames are: as a digest does, and in other ways."""
    rows = month.centred(background)
    scales = {name: 1 - background.centred[name, name].mean for name in SENSES}
    days = (month.at // 86_400).astype(int)
    digest, farthest, alone = (np.zeros(len(rows)) for _ in range(3))
    for day in np.unique(days):
        its = np.flatnonzero(days == day)
        detector = Detector()
        for index in its:
            detector.add(Observation(float(month.at[index]), rows[index]))
        starts = detector.starts()
        episodes = np.searchsorted(starts, np.arange(len(its)), side="right") - 1
        mine = [rows[index] for index in its]
        digest[its] = tell(mine, list(episodes), [False] * len(its), scales, {}).salience
        for name in SENSES:
            own = [index for index in its if name in rows[index]]
            block = np.stack([rows[index][name] for index in own])
            alone[own] = novelty(block, block[:0]) / scales[name]
            ones, none = np.ones(len(own)), np.zeros(len(own), bool)
            farthest[own] = chosen(block, ones, none, scales[name])
    return {
        "a digest's": digest,
        "unlike its fourth neighbour in time": alone,
        "farthest from what is chosen": farthest,
    }


def kept_of(month: Month, kept: Kept) -> float:
    """Return the share of events of which a frame stays."""
    return float(np.mean([kept[event.frames].any() for event in month.events]))


def every_nth(count: int, of: int) -> Kept:
    kept = np.zeros(of, bool)
    kept[np.linspace(0, of - 1, count).astype(int)] = True
    return kept


def at_random(count: int, of: int, seed: int) -> Kept:
    kept = np.zeros(of, bool)
    kept[np.random.default_rng(seed).permutation(of)[:count]] = True
    return kept


def compare(months: Sequence[Month], background: Background) -> Iterator[str]:
    """Yield the rows of the table of ways to choose."""
    shares = (0.02, 0.05, 0.1)
    found: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for seed, month in enumerate(months):
        told = salience(month, background)
        size = len(month.modality)
        for share in shares:
            count = ceil(share * size)
            for name, numbers in told.items():
                kept = np.zeros(size, bool)
                kept[np.argsort(-numbers, kind="stable")[:count]] = True
                found[name][share].append(kept_of(month, kept))
            found["every n-th"][share].append(kept_of(month, every_nth(count, size)))
            found["at random"][share].append(kept_of(month, at_random(count, size, seed)))
    for name, by in found.items():
        numbers = " | ".join(f"{np.mean(by[share]):.2f}" for share in shares)
        yield f"| {name} | {numbers} |"


class Year:
    """Months of frames, and the memories that keep them."""

    def __init__(self, months: Sequence[Month], encoder: Encoder, folder: Path) -> None:
        now = datetime.now(timezone.utc)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self.months, self.encoder, self.folder, self.now = months, encoder, folder, now
        self.start = midnight - timedelta(days=DAYS * len(months))

    def begin(self, number: int) -> datetime:
        return self.start + timedelta(days=DAYS * number)

    def moments(self, number: int, kept: Kept | None = None) -> Iterator[Moment]:
        """Yield the frames of a month, each with a file of its own."""
        month, begin = self.months[number], self.begin(number)
        for index, name in enumerate(month.modality):
            if kept is None or kept[index]:
                yield Moment(
                    (_percept(name, number * 10**6 + index),),
                    vectors={name: month.rows[index][None]},
                    at=begin + timedelta(seconds=float(month.at[index])),
                    source=f"body-worn {name}",
                    origin="sensor",
                )

    def memory(self, name: str) -> Memory:
        return Memory.open(self.folder / name, owner="rex", encoder=self.encoder, share=False)

    def found(self, memory: Memory, pool: Pool, number: int) -> tuple[float, float]:
        """Return the shares of a month's events that stay, and that are among the first hits."""
        month, begin = self.months[number], self.begin(number)
        stays, hits = 0, 0
        for order, event in enumerate(month.events):
            times = {begin + timedelta(seconds=float(month.at[i])) for i in event.frames}
            span: dict[str, Any] = {"since": begin, "until": self.begin(number + 1)}
            around = {"since": min(times), "until": max(times) + timedelta(seconds=1)}
            stays += any(each.at in times for each in memory.timeline(limit=50, **around).records)
            asked = pool.questions[event.modality, event.kind]
            row = normalise(asked[order % len(asked)].mean(axis=0))
            named = [event.modality]
            told = memory.recall(row, limit=FIRST, modalities=named, **span)
            hits += any(hit.record.at in times for hit in told)
        return stays / len(month.events), hits / len(month.events)


def _percept(name: str, number: int) -> Percept:
    """Make a small signal that no other frame has: noise, so that it takes what a signal takes."""
    noise = np.random.default_rng(number)
    if name == "image":
        return Image(noise.integers(0, 256, (40, 40, 3), np.uint8))
    if name == "audio":
        samples = noise.uniform(-1, 1, 2000).astype(np.float32)
        return Audio(samples, rate=16_000)
    samples = noise.uniform(-1, 1, (200, 6)).astype(np.float32)
    return IMU(samples, rate=50, accel="g", gyro="rad/s")


def disk(folder: Path) -> float:
    """Return the megabytes that a folder takes on the disk."""
    blocks = sum(path.lstat().st_blocks for path in folder.rglob("*"))
    return blocks * 512 / MB


def live(year: Year, pool: Pool) -> Iterator[str]:
    """Live through the months, half of one at a time; yield the lines of the tables."""
    count, size = len(year.months), len(year.months[0].modality)
    old = count - 1
    lines: list[str] = []
    spent, most = 0.0, 0.0
    first = np.arange(size) < size // 2
    with year.memory("digested") as memory, year.memory("everything") as everything:
        for number in range(count):
            befores, dropped = [], 0
            for half, part in enumerate((first, ~first), 1):
                for each in (memory, everything):
                    each.remember_many(year.moments(number, part))
                    each.flush()
                befores.append(disk(year.folder / "digested"))
                age = year.now - year.begin(number) - half * HALF + OLD
                began = time.process_time()
                receipt = memory.digest(older_than=age, most_bytes=MOST)
                memory.flush()
                spent += time.process_time() - began
                dropped += receipt.dropped
            after, full = (disk(year.folder / name) for name in ("digested", "everything"))
            most = max(most, *befores, after)
            lines.append(
                f"{number + 1} | {full:.0f} | {max(befores):.0f} | {after:.0f} "
                f"| {memory.count():,} | {dropped:,}"
            )
            print(lines[-1], flush=True)
        stay = memory.count(until=year.begin(count) - OLD)
        digested = [year.found(memory, pool, number) for number in range(old)]
        whole = [year.found(everything, pool, number) for number in range(old)]
        sizes = [disk(year.folder / name) for name in ("everything", "digested")]
    others = {}
    frames = size * count - size // 2
    for name, chosen_frames in (
        ("every n-th", every_nth(stay, frames)),
        ("at random", at_random(stay, frames, 0)),
    ):
        kept = np.concatenate([chosen_frames, np.ones(size - size // 2, bool)])
        with year.memory(name) as memory:
            for number in range(count):
                mine = kept[number * size : (number + 1) * size]
                memory.remember_many(year.moments(number, mine))
            memory.flush()
            others[name] = [year.found(memory, pool, number) for number in range(old)]
            sizes.append(disk(year.folder / name))
    yield (
        "| | frames older than 15 days | on disk, MB | events of which a frame stays "
        f"| events among the first {FIRST} hits |"
    )
    yield "|---|---:|---:|---:|---:|"
    for (name, found), megabytes in zip(
        {"everything": whole, "digested": digested, **others}.items(), sizes, strict=True
    ):
        shown = frames if name == "everything" else stay
        stays, hits = np.mean(found, axis=0)
        yield f"| {name} | {shown:,} | {megabytes:.0f} | {stays:.3f} | {hits:.3f} |"
    yield f"\nThe {2 * count} digests took {spent:.0f} s of CPU. The most that the memory took"
    yield f"before or after any of them was {most:.0f} MB.\n"
    yield (
        "| month | everything, MB | most before a digest, MB | after it, MB | records | dropped "
        "| events found | of everything | by every n-th |"
    )
    yield "|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    for number, line in enumerate(lines):
        ways = (digested, whole, others["every n-th"])
        told = [f"{way[number][1]:.2f}" if number < old else "young" for way in ways]
        yield f"| {line} | {' | '.join(told)} |"


def many(count: int, encoder: Encoder, folder: Path) -> str:
    """Digest so many frames of one sense, without media; return what it took."""
    draw = np.random.default_rng(0)
    dimension = encoder.space.dimension
    scenes = draw.standard_normal((count // 50 + 1, dimension)).astype(np.float32)
    start = datetime.now(timezone.utc) - timedelta(days=100, minutes=count)

    def frames() -> Iterator[Moment]:
        for number in range(count):
            noise = draw.standard_normal(dimension).astype(np.float32)
            row = normalise(scenes[number // 50] + np.float32(0.5) * noise)
            pixels = np.frombuffer(number.to_bytes(4, "big") * 3, np.uint8).reshape(2, 2, 3)
            at = start + timedelta(minutes=number)
            yield Moment((Image(pixels),), vectors={"image": row[None]}, at=at, origin="sensor")

    def opened() -> Memory:
        return Memory.open(folder / "many", owner="rex", encoder=encoder, share=False)

    with opened() as memory:
        memory.remember_many(frames(), batch_size=1024, keep_media=False)
    with opened() as memory:
        memory.count()
        before, began = resident("VmRSS"), time.process_time()
        memory.digest(dry_run=True)
        looked = time.process_time()
        receipt = memory.digest()
        done, grown = time.process_time(), (resident("VmRSS") - before) / MB
    return (
        f"Of {count:,} frames of one sense, {receipt.kept:,} stay: a dry run took "
        f"{looked - began:.0f} s of CPU, the digest {done - looked:.0f} s, and the process was "
        f"{grown:.0f} MB larger after both."
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack", type=Path, nargs="?")
    parser.add_argument("--many", type=int, help="only digest so many frames, such as 100000")
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rows", type=Path, help="keep what was encoded in this file, an .npz")
    parser.add_argument("--out", type=Path, help="also write the tables to this file")
    arguments = parser.parse_args()
    encoder = load_encoder("sensorium-mini")
    background = encoder.background
    assert background is not None
    if arguments.many:
        with tempfile.TemporaryDirectory(prefix="digest-") as place:
            print(many(arguments.many, encoder, Path(place)), *machine_lines(), sep="\n")
        return
    found = cached(arguments.rows, lambda: encoded(arguments.pack, encoder))
    first, second = pool_of(found, 0), pool_of(found, 1)
    months = [month_of(second, 100 + number) for number in range(arguments.months)]
    lines = ["# A year that is digested\n", *machine_lines(), ""]
    head = "| frames are chosen | of 2 % | of 5 % | of 10 % |\n|---|---:|---:|---:|"
    lines += [f"Events of which a frame stays, of {len(months)} months that nothing was chosen on:"]
    lines += ["", head, *compare(months, background)]
    tuned = [month_of(first, number) for number in range(6)]
    lines += ["", "The same of six months that the constants were chosen on:", "", head]
    lines += [*compare(tuned, background), ""]
    folder = Path(tempfile.mkdtemp(prefix="digest-", dir=os.environ.get("TMPDIR")))
    try:
        lines += [f"{arguments.months} months of {DAYS * FRAMES:,} frames, digested twice a month"]
        lines += [f"with `older_than` 15 days and `most_bytes` {MOST / MB:.0f} MB:", ""]
        lines += list(live(Year(months, encoder, folder), second))
    finally:
        shutil.rmtree(folder)
    text = "\n".join([*lines, ""])
    print(text)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
