"""A robot's day, as a ROS 2 recording of camera, microphone, motion and pose, is asked about.

Nothing is downloaded; it needs `pip install "sensorium[bags]"`.
The route through the house is made up. What the sensors recorded is real, in `examples/robot`:
photos, sounds and the motion of a person whom the robot stands for. Sensorium-mini was not trained
on any of them but the knock, and on no picture of a mug; they were looked at when its settings were
chosen. There is no recording of a kettle that may be given away; a baby cries in its place.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sensorium import sources
from sensorium.memory import Hit, Memory, Record
from sensorium.percepts import Audio, Pose

DATA = Path(__file__).with_name("robot")
SECOND = 1_000_000_000  # nanoseconds
DAY = datetime(2026, 7, 1, tzinfo=timezone.utc)
ROOMS = {"kitchen": (1.0, 1.0), "hall": (6.0, 1.0), "living room": (6.0, 6.0), "study": (1.0, 6.0)}
MOTION_RATE, SOUND_RATE = 50, 16_000  # Hz
WALK, STOP = 24.0, 12.0  # seconds from one room to the next, and in it
STRETCH = 2.0  # seconds of motion or sound that become one memory
AUDIO = {  # types of messages that rosbags does not ship
    "AudioData": "uint8[] data",
    "AudioDataStamped": "std_msgs/Header header\naudio_common_msgs/AudioData audio",
}


class Stay(NamedTuple):
    """The robot walks into a room and stops there."""

    clock: str  # when it begins to walk
    room: str
    photo: str
    sound: str = ""


STAYS = (
    Stay("07:30:00", "kitchen", "mug_kitchen"),
    Stay("07:31:00", "hall", "umbrella"),
    Stay("09:10:00", "living room", "chandelier"),
    Stay("09:11:00", "study", "mug_study", "clock"),
    Stay("13:45:00", "hall", "umbrella", "knock"),
    Stay("13:45:50", "living room", "chair", "dog"),
    Stay("18:20:00", "study", "laptop"),
    Stay("18:21:00", "kitchen", "ewer"),
)


class Recorder:
    """Writes messages of ROS 2 to a recording."""

    def __init__(self, path: Path) -> None:
        from rosbags.rosbag2 import StoragePlugin, Writer
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore

        self.store = get_typestore(Stores.ROS2_HUMBLE)
        for name, text in AUDIO.items():
            self.store.register(get_types_from_msg(text, f"audio_common_msgs/msg/{name}"))
        self.bag = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
        self.ways: dict[str, Any] = {}

    def make(self, kind: str, *fields: Any) -> Any:
        """Make a message, or a part of one: `"sensor_msgs/Imu"`."""
        return self.store.types[kind.replace("/", "/msg/")](*fields)

    def header(self, at: float, frame: str) -> Any:
        """Make the header of a message of a time, in seconds since 1970."""
        stamp = self.make("builtin_interfaces/Time", *divmod(round(at * SECOND), SECOND))
        return self.make("std_msgs/Header", stamp, frame)

    def write(self, topic: str, at: float, message: Any) -> None:
        """Write a message at the time it is of."""
        kind = message.__msgtype__
        if topic not in self.ways:
            self.ways[topic] = self.bag.add_connection(topic, kind, typestore=self.store)
        content = self.store.serialize_cdr(message, kind)
        self.bag.write(self.ways[topic], round(at * SECOND), content)


def record(path: Path) -> None:
    """Write the day as a recording: `/camera`, `/microphone`, `/imu` and `/odom`."""
    recorder = Recorder(path)
    messages: list[tuple[str, float, Any]] = []
    here = ROOMS["hall"]
    for stay in STAYS:
        begin = at_clock(stay.clock).timestamp()
        messages += camera(recorder, stay, begin)
        messages += microphone(recorder, stay, begin)
        messages += motion(recorder, begin)
        messages += odometry(recorder, here, ROOMS[stay.room], begin)
        here = ROOMS[stay.room]
    with recorder.bag:
        for topic, at, message in sorted(messages, key=lambda each: each[1]):
            recorder.write(topic, at, message)


def camera(recorder: Recorder, stay: Stay, begin: float) -> Iterator[tuple[str, float, Any]]:
    """Yield a photo in the room."""
    content = np.frombuffer((DATA / f"photo_{stay.photo}.jpg").read_bytes(), np.uint8)
    at = begin + WALK + STOP / 2
    header = recorder.header(at, "camera")
    yield "/camera", at, recorder.make("sensor_msgs/CompressedImage", header, "jpeg", content)


def microphone(recorder: Recorder, stay: Stay, begin: float) -> Iterator[tuple[str, float, Any]]:
    """Yield sound without a pause: quiet noise, and in the room what is heard there."""
    noise = np.random.default_rng(1).normal(0, 20, round((WALK + STOP) * SOUND_RATE))
    if stay.sound:
        heard = sound(stay.sound)
        start = round((WALK + 4) * SOUND_RATE)
        noise[start : start + len(heard)] += heard * 32_000
    samples = np.clip(noise, -32_768, 32_767).astype("<i2")
    for first in range(0, len(samples), SOUND_RATE // 2):
        at = begin + first / SOUND_RATE
        content = np.frombuffer(samples[first : first + SOUND_RATE // 2].tobytes(), np.uint8)
        data = recorder.make("audio_common_msgs/AudioData", content)
        header = recorder.header(at, "microphone")
        yield "/microphone", at, recorder.make("audio_common_msgs/AudioDataStamped", header, data)


def sound(name: str) -> NDArray[np.float64]:
    """Return five seconds of a recorded sound at most; who knocks, knocks three times."""
    heard = np.asarray(Audio(DATA / f"sound_{name}.ogg").mono(SOUND_RATE), float).ravel()
    if name == "knock":
        heard = np.concatenate([heard[: SOUND_RATE // 2]] * 2 + [heard])
    return heard[: 5 * SOUND_RATE]


def motion(recorder: Recorder, begin: float) -> Iterator[tuple[str, float, Any]]:
    """Yield accelerations and rates of rotation of walking, then of standing still."""
    rows = [clip("walking", WALK), clip("standing", STOP)]
    still = recorder.make("geometry_msgs/Quaternion", 0.0, 0.0, 0.0, 1.0)
    unknown = np.array([-1.0, *[0.0] * 8])
    for number, row in enumerate(np.concatenate(rows)):
        at = begin + number / MOTION_RATE
        force, turn = (
            recorder.make("geometry_msgs/Vector3", *map(float, part)) for part in (row[:3], row[3:])
        )
        fields = (still, unknown, turn, np.zeros(9), force, np.zeros(9))
        yield "/imu", at, recorder.make("sensor_msgs/Imu", recorder.header(at, "imu"), *fields)


def clip(name: str, seconds: float) -> NDArray[np.float64]:
    """Return the first seconds of a recorded motion, `(T, 6)`."""
    with np.load(DATA / f"imu_{name}.npz") as recorded:
        samples: NDArray[np.float64] = recorded["data"].astype(float)
    return samples[MOTION_RATE : MOTION_RATE + round(seconds * MOTION_RATE)]


def odometry(
    recorder: Recorder, start: tuple[float, float], end: tuple[float, float], begin: float
) -> Iterator[tuple[str, float, Any]]:
    """Yield poses ten times a second: a straight way, then the same place."""
    nothing, still = np.zeros(36), recorder.make("geometry_msgs/Vector3", 0.0, 0.0, 0.0)
    twist = recorder.make("geometry_msgs/Twist", still, still)
    ahead = recorder.make("geometry_msgs/Quaternion", 0.0, 0.0, 0.0, 1.0)
    for step in range(round((WALK + STOP) * 10)):
        share, at = min(step / 10 / WALK, 1.0), begin + step / 10
        x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        pose = recorder.make(
            "geometry_msgs/Pose", recorder.make("geometry_msgs/Point", x, y, 0.0), ahead
        )
        fields = (
            recorder.make("geometry_msgs/PoseWithCovariance", pose, nothing),
            recorder.make("geometry_msgs/TwistWithCovariance", twist, nothing),
        )
        header = recorder.header(at, "map")
        yield "/odom", at, recorder.make("nav_msgs/Odometry", header, "base_link", *fields)


def at_clock(clock: str) -> datetime:
    """Return a time of the day."""
    hours, minutes, seconds = map(int, clock.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


def remember(memory: Memory, path: Path) -> None:
    """Read the recording into a memory, each percept with its place, and name the rooms."""
    topics = {"/camera": {}, "/imu": {}, "/microphone": {"rate": SOUND_RATE, "channels": 1}}
    percepts = sources.bag(path, topics=topics, pose="/odom", stretch=STRETCH)
    report = memory.remember_many(percepts)
    report.raise_first()
    for room, (x, y) in ROOMS.items():
        memory.name_place(room, Pose(x, y, frame="map"), "2 m")
    print(f"{report.new} memories of {memory.tally('modalities')}")


def place_of(memory: Memory, record: Record) -> str:
    """Say where a record was: the name of the room, or between rooms."""
    rooms = (name for name, area in memory.places().items() if area.holds(record.place))
    return next(rooms, "on the way")


def told(memory: Memory, found: Hit | Record | None) -> str:
    """Say when and where something was, by which sense."""
    if found is None:
        return "never"
    record = found.record if isinstance(found, Hit) else found
    by = ", ".join(record.modalities)
    return f"{record.at:%H:%M:%S} in: {place_of(memory, record)} ({by})"


def ask(memory: Memory) -> None:
    """Ask what people ask a robot."""
    began = time.perf_counter()
    print("where did I last see the mug?")
    print(" ", told(memory, memory.last("a mug", modalities=["image"])))

    print("what happened after the knock?")
    knock = memory.last("a knock on the door", modalities=["audio"])
    print("  the knock:", told(memory, knock))
    if knock is not None:
        soon = knock.record.at + timedelta(minutes=2)
        for name in ("a dog barking", "a baby crying"):
            heard = memory.first(name, modalities=["audio"], since=knock.record.until, until=soon)
            print(f"  {name}:", told(memory, heard))
        seen = memory.after(knock, limit=1, with_modalities=["image"])
        print("  the next photo:", told(memory, seen[0]))

    print("how often did it stop today?")
    stops = memory.how_often(
        "standing still", modalities=["imu"], apart="20 s", since=DAY, until=DAY + timedelta(days=1)
    )
    print(" ", stops.total)
    print("each in under a second:", (time.perf_counter() - began) / 3 < 1)


def listen(memory: Memory) -> None:
    """Go on living: the robot stands in the study, and is to tell when the baby cries."""
    print("tell me when the baby cries")
    cries = memory.watch("a baby crying", min_confidence=0.8, modalities=["audio"], timeout=30)
    hearing = Thread(target=hear, args=(memory,))
    hearing.start()  # as another process with the folder open could
    print("  now:", told(memory, next(cries, None)))
    hearing.join()


def hear(memory: Memory) -> None:
    """Remember what the microphone hears from nine in the evening on."""
    quiet = np.random.default_rng(2).normal(0, 1e-3, 6 * SOUND_RATE)
    samples = np.concatenate([quiet, sound("baby")])
    length, begin = round(STRETCH * SOUND_RATE), at_clock("21:00:00")
    for first in range(0, len(samples) - length, length):
        at = begin + timedelta(seconds=first / SOUND_RATE)
        window = Audio(samples[None, first : first + length].astype(np.float32), rate=SOUND_RATE)
        memory.remember(window, at=at, place=Pose(*ROOMS["study"], frame="map"), origin="sensor")


def main() -> int:
    if find_spec("rosbags") is None:
        print('this example reads a ROS 2 recording: pip install "sensorium[bags]"')
        return 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "day")
        record(path)
        with Memory.open(Path(folder, "memory"), owner="rex") as memory:
            remember(memory, path)
            ask(memory)
            listen(memory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
