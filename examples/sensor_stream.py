"""A wrist sensor streams a walk and a run, with jitter and a gap, into a memory.

Nothing is downloaded. The two recordings are training data of sensorium-mini, so this shows how
streaming works, not how well motion is recognised.
"""

import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from sensorium.memory import Memory
from sensorium.samples import FOLDER

RATE = 50  # Hz
PACKET = 20  # samples in a push
START = datetime(2026, 7, 1, 7, 30, tzinfo=timezone.utc)
PAUSE = timedelta(minutes=4)  # the sensor is switched off in between
JITTER = 0.2  # largest error of a time, as a share of a period


def packets(
    name: str, start: datetime
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float64]]]:
    """Yield packets of samples `(n, 6)`, with their times in seconds of the sensor's clock."""
    with np.load(FOLDER / f"imu_{name}.npz") as recording:
        samples = recording["data"]
    jitter = np.random.default_rng(1).uniform(-JITTER, JITTER, len(samples))
    times = (start - START).total_seconds() + (np.arange(len(samples)) + jitter) / RATE
    for first in range(0, len(samples), PACKET):
        yield samples[first : first + PACKET], times[first : first + PACKET]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Memory.open(folder, owner="rex") as memory:
        units = {"accel": "m/s^2", "gyro": "rad/s"}
        with memory.stream("imu", rate=RATE, name="left-wrist", **units) as wrist:
            at: datetime | None = START  # relates the sensor's clock to the wall clock, once
            for name, start in (("walking", START), ("jogging", START + PAUSE)):
                for samples, times in packets(name, start):
                    wrist.push(samples, at=at, timestamps=times)
                    at = None
        report = wrist.report
        print(f"{report.pushed} samples became {report.remembered} memories")
        for gap in report.gaps:
            print(f"no samples from {gap.start:%H:%M:%S} to {gap.end:%H:%M:%S}")
        for question in ("a person walking", "a person jogging"):
            print(f"\n{question}:")
            for hit in memory.recall(question, modalities=["imu"], limit=3):
                print(f"  {hit.record.at:%H:%M:%S}  score {hit.score:.2f}")


if __name__ == "__main__":
    main()
