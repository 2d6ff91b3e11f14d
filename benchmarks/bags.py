"""Recordings of robots as percepts, beside rosbags' own iteration over their messages.

`python benchmarks/bags.py --megabytes 1000`; the table is kept in benchmarks/bags.md. Both sides
decode every message; ours makes percepts of them besides.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from machine import describe
from measure import resident
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer as Writer1
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Writer2
from rosbags.typesys import Stores, get_typestore

from sensorium import sources

SECOND = 1_000_000_000  # nanoseconds
START = 1_700_000_000 * SECOND
IMU, IMAGE = "sensor_msgs/msg/Imu", "sensor_msgs/msg/Image"
TOPICS = {IMU: "/imu", IMAGE: "/depth"}
OPTIONS: dict[str, dict[str, float]] = {IMU: {}, IMAGE: {"fx": 600.0}}
RATES = {IMU: 200, IMAGE: 30}  # Hz
SIZE = (480, 640)
STORES = {"ros1": Stores.ROS1_NOETIC, "sqlite3": Stores.ROS2_HUMBLE, "mcap": Stores.ROS2_HUMBLE}
CONTENTS = {"motion": [IMU], "depth": [IMAGE], "motion and depth": [IMU, IMAGE]}


class Messages:
    """Encoded messages of one kind of recording; every stamp is that of writing."""

    def __init__(self, kind: str) -> None:
        self.store, self.ros1 = get_typestore(STORES[kind]), kind == "ros1"
        self.depth = np.random.default_rng(1).integers(500, 9000, SIZE, np.uint16).view(np.uint8)

    def encode(self, kind: str, number: int, written: int) -> bytes:
        """Return the message of a number."""
        types = self.store.types
        stamp = types["builtin_interfaces/msg/Time"](*divmod(written, SECOND))
        counted = (number,) if self.ros1 else ()
        header = types["std_msgs/msg/Header"](*counted, stamp, "sensor")
        if kind == IMAGE:
            rows, width = SIZE[0], 2 * SIZE[1]
            message = types[IMAGE](header, rows, SIZE[1], "16UC1", 0, width, self.depth.ravel())
        else:
            vector, nothing = types["geometry_msgs/msg/Vector3"], np.zeros(9)
            turned = types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
            turn = vector(0.1, 0.2, float(np.sin(number / 9)))
            force = vector(0.5, float(np.cos(number / 9)), 9.8)
            message = types[IMU](header, turned, nothing, turn, nothing, force, nothing)
        write = self.store.serialize_ros1 if self.ros1 else self.store.serialize_cdr
        return bytes(write(message, kind))

    def all(self, kinds: list[str], size: int) -> Iterator[tuple[str, int, bytes]]:
        """Yield messages in the order of their times until they have so many bytes."""
        numbers = dict.fromkeys(kinds, 0)
        while size > 0:
            kind = min(kinds, key=lambda each: numbers[each] / RATES[each])
            stamp = START + numbers[kind] * SECOND // RATES[kind]
            content = self.encode(kind, numbers[kind], stamp)
            yield kind, stamp, content
            numbers[kind] += 1
            size -= len(content)


def write(folder: Path, kind: str, kinds: list[str], size: int) -> Path:
    """Write a recording of about `size` bytes."""
    messages = Messages(kind)
    path = folder / ("run.bag" if kind == "ros1" else "run")
    bag = (
        Writer1(path)
        if kind == "ros1"
        else Writer2(path, version=9, storage_plugin=StoragePlugin[kind.upper()])
    )
    with bag:
        ways = {
            each: bag.add_connection(TOPICS[each], each, typestore=messages.store) for each in kinds
        }
        for each, stamp, content in messages.all(kinds, size):
            bag.write(ways[each], stamp, content)  # type: ignore[arg-type]  # its own connection
    return path


def theirs(path: Path) -> int:
    """Decode every message with rosbags."""
    with AnyReader([path]) as reader:
        return sum(
            reader.deserialize(content, connection.msgtype) is not None
            for connection, _, content in reader.messages()
        )


def ours(path: Path, topics: dict[str, dict[str, float]]) -> int:
    """Read every percept."""
    return sum(1 for _ in sources.bag(path, topics=topics))


def fastest(tasks: dict[str, Callable[[], int]], *, repeat: int) -> dict[str, float]:
    """Return the least seconds of CPU of each task, done in turn.

    Both use one thread, and files are in memory: other programs do not count.
    """
    seconds = dict.fromkeys(tasks, float("inf"))
    for _ in range(repeat):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


def peak(task: Callable[[], int]) -> float:
    """Return the megabytes by which memory grows at most while a task is done."""
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = resident("VmRSS")
    task()
    return (resident("VmHWM") - before) / 1e6


def row(kind: str, content: str, size: int, seconds: dict[str, float], grown: float) -> str:
    """Return a line of the table."""
    speeds = {name: size / least for name, least in seconds.items()}
    return (
        f"| {kind} | {content} | {size:.0f} | {speeds['theirs']:.0f} | {speeds['ours']:.0f} "
        f"| {speeds['ours'] / speeds['theirs']:.2f} | {grown:+.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=100, help="size of each recording")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--of", action="append", choices=list(CONTENTS), help="by default all")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print("| recording | of | MB | rosbags, MB/s | percepts, MB/s | ratio | peak memory, MB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for kind in STORES:
        for content in asked.of or CONTENTS:
            kinds = CONTENTS[content]
            with tempfile.TemporaryDirectory() as folder:
                path = write(Path(folder), kind, kinds, asked.megabytes * 10**6)
                topics = {TOPICS[each]: OPTIONS[each] for each in kinds}
                grown = peak(partial(ours, path, topics))
                seconds = fastest(
                    {"theirs": partial(theirs, path), "ours": partial(ours, path, topics)},
                    repeat=asked.repeat,
                )
                print(row(kind, content, asked.megabytes, seconds, grown), flush=True)
    print()
    for key, value in describe(torch.device("cpu")).items():
        print(f"- {key}: {value}")


if __name__ == "__main__":
    main()
