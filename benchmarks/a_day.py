"""What a robot's owner asks, over 100,000 memories of camera, microphone and motion.

`python benchmarks/a_day.py`; the table is kept in benchmarks/a_day.md. The vectors are those of the
recordings in examples/robot, each with some noise, so that nothing but the questions is encoded;
the folder, its index and the questions are real. Where the mug was seen last, when somebody knocked
and how often the robot stopped are planted, and checked.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
from machine import machine_lines
from numpy.typing import NDArray
from tables import markdown

from sensorium.encoders import Encoder, load_encoder
from sensorium.memory import Memory, Moment
from sensorium.percepts import IMU, Audio, Image, Percept, Pose

DATA = Path(__file__).parents[1] / "examples" / "robot"
BEGIN = datetime(2026, 7, 1, 8, tzinfo=timezone.utc)
DAYS, HOURS = 10, 12  # days, and hours of each on which the robot is awake
NOISE = 0.05  # length of what is added to a vector of unit length
STOPS, STILL = 24, 3  # stops of a day, and windows of motion in each
COLUMNS = ("question", "answer", "CPU, first (s)", "CPU, again (s)", "wall, again (s)")
Rows = NDArray[np.float32]


def encoded(encoder: Encoder) -> dict[str, Rows]:
    """Return a vector of each recording, by the name of its file."""
    percepts: dict[str, Percept] = {}
    for path in sorted(DATA.iterdir()):
        if path.suffix == ".jpg":
            percepts[path.stem] = Image(path)
        elif path.suffix == ".ogg":
            samples = np.asarray(Audio(path).mono(16_000)).reshape(1, -1)[:, :32_000]
            percepts[path.stem] = Audio(samples, rate=16_000)
        elif path.suffix == ".npz":
            with np.load(path) as recorded:
                samples = recorded["data"][100:228].astype(np.float32)
            percepts[path.stem] = IMU(samples, accel="m/s^2", gyro="rad/s", rate=50)
    found = encoder.encode(list(percepts.values()))
    return {name: each.vectors[0] for name, each in zip(percepts, found, strict=True)}


def planted(count: int) -> dict[int, str]:
    """Return what is where: the number of a memory, and the recording it is of."""
    each_day = count // DAYS
    there = {count // 3: "photo_mug_kitchen", 2 * count // 3: "photo_mug_kitchen"}
    there[count - each_day // 2 + 10] = "sound_knock"
    there[count - each_day // 2 + 40] = "sound_dog"
    for day in range(DAYS):
        for stop in range(STOPS):
            first = day * each_day + (stop + 1) * each_day // (STOPS + 2)
            there |= {first + 3 * window: "imu_standing" for window in range(STILL)}
    return there


def moments(count: int, vectors: dict[str, Rows]) -> Iterator[Moment]:
    """Yield the memories of some days: photos, sounds and motion in turn."""
    random, there = np.random.default_rng(1), planted(count)
    photos = [name for name in vectors if name.startswith("photo") and "mug" not in name]
    usual = {"photo": photos, "sound": ["sound_clock"], "imu": ["imu_walking"]}
    each_day = count // DAYS
    for number in range(count):
        name = there.get(number)
        if name is None:
            kind = ("photo", "sound", "imu")[number % 3]
            name = usual[kind][number // 400 % len(usual[kind])]
        noise = random.normal(size=vectors[name].shape)
        row = vectors[name] + NOISE * noise / np.linalg.norm(noise)
        modality = {"photo": "image", "sound": "audio", "imu": "imu"}[name.partition("_")[0]]
        room = number // 400 % 7
        here = Pose(4.0 * room + random.normal(), random.normal(), frame="map")
        yield Moment(
            id=f"r{number}",
            at=at(number, each_day),
            vectors={modality: (row / np.linalg.norm(row)).astype(np.float32)},
            place=here,
            origin="sensor",
        )


def at(number: int, each_day: int) -> datetime:
    """Return when a memory is of."""
    day, rest = divmod(number, each_day)
    return BEGIN + timedelta(days=day, hours=HOURS * rest / each_day)


def questions(memory: Memory, count: int, bark: Rows) -> dict[str, Callable[[], Any]]:
    """Return what is asked, by its words; each returns its answer in short."""
    today = at(count - 1, count // DAYS).replace(hour=0, minute=0, second=0)

    def after_the_knock() -> str:
        asked = {"modalities": ["audio"], "min_confidence": 0.1}
        knock = memory.last("a knock on the door", **asked)  # type: ignore[arg-type]  # by names
        if knock is None:
            return "no knock"
        return f"{knock.record.id}, then {memory.after(knock, limit=1)[0].id}"

    def seen() -> str:
        hit = memory.last("a mug", modalities=["image"])
        here = None if hit is None else hit.record.place
        return f"{hit.record.id} at x {here.x:.0f} m" if hit and isinstance(here, Pose) else "never"

    def row() -> str:
        asked = ["a knock on the door", "a dog barking"]
        rows = memory.recall(sequence=asked, within="5 min", modalities=["audio"], limit=1)
        return rows[0].record.id if rows else "none"

    stops: dict[str, Any] = {"modalities": ["imu"], "apart": "1 min", "since": today}

    def told() -> str:
        begun = memory.watch("a dog barking", min_confidence=0.3, modalities=["audio"], timeout=0)
        memory.remember(id="bark", at=at(count - 1, count // DAYS), vectors={"audio": bark})
        return ", ".join(hit.record.id for hit in begun)

    return {
        "where did I last see the mug": seen,
        "what happened after the knock": after_the_knock,
        "a knock, then a dog barking": row,
        "how often did it stop today": lambda: str(
            memory.how_often("standing still", **stops).total
        ),
        "tell me when the dog barks": told,
        "what were the last five episodes": lambda: len(memory.episodes(limit=5)),
        "a chair, the best of each episode": lambda: len(
            memory.recall("a chair", group="episode", limit=5)
        ),
        "what was near here": lambda: len(memory.recall("a chair", near=(Pose(0.0, 0.0), "1 m"))),
    }


def measured(name: str, ask: Callable[[], Any]) -> list[str]:
    """Ask once, then three times; return the row of the table."""
    begun = time.process_time()
    answer = ask()
    first, again, wall = time.process_time() - begun, [], []
    for _ in range(3):
        begun, clock = time.process_time(), time.perf_counter()
        assert ask() == answer
        again.append(time.process_time() - begun)
        wall.append(time.perf_counter() - clock)
    return [name, str(answer), f"{first:.3f}", f"{min(again):.3f}", f"{min(wall):.3f}"]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="an empty one; by default a temporary one")
    asked = parser.parse_args()
    encoder, count = load_encoder("sensorium-mini"), asked.memories
    vectors = encoded(encoder)
    print("# What a robot is asked\n")
    print(*machine_lines(), sep="\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary, "memory")
        with Memory.open(folder, owner="rex", encoder=encoder, keep_media=False) as memory:
            memory.remember_many(moments(count, vectors), batch_size=1000).raise_first()
            memory.compact()
            begun = time.process_time()
            memory.episodes(limit=1)
            first = time.process_time() - begun
        with Memory.open(folder, owner="rex", encoder=encoder, keep_media=False) as memory:
            rows = [
                measured(*each) for each in questions(memory, count, vectors["sound_dog"]).items()
            ]
            begun = time.process_time()
            late = [Moment(id="late", at=at(count - 50, count // DAYS), vectors={}, text="late")]
            memory.remember_many(late).raise_first()
            memory.episodes(limit=1)
            added = time.process_time() - begun
    print(f"- {count:,} memories of {DAYS} days; load while asked: {os.getloadavg()[0]:.1f}")
    print(f"- episodes, when they are looked for the very first time: {first:.1f} s of CPU;")
    print(f"  after a memory that came late: {added:.3f} s of CPU\n")
    print("First means the first time in a process that opened the folder.\n")
    print(markdown(COLUMNS, rows))


if __name__ == "__main__":
    main()
