"""Files of motion that are refused, each with a remedy that reads the planted motion."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensorium.percepts import IMU

G = 9.80665
RATE = 100
COUNT = 200
T = np.arange(COUNT) / RATE
ACCEL = np.stack(
    [0.8 * np.sin(7 * T), 0.5 * np.cos(5 * T), G + 0.6 * np.sin(3 * T)], axis=1
)  # m/s^2
GYRO = np.stack([0.9 * np.cos(4 * T), 0.4 * np.sin(6 * T), 0.2 + 0.3 * np.sin(9 * T)], axis=1)
MOTION = np.hstack([ACCEL, GYRO])
NAMES = ("ax", "ay", "az", "gx", "gy", "gz")
UNITS = {"accel": "m/s^2", "gyro": "rad/s"}


@dataclass(frozen=True)
class Refused:
    """A file that is refused, and the motion that is in it.

    Attributes:
        write: Writes it into a folder.
        arguments: What it is opened with.
        wanted: Its samples in m/s^2 and rad/s, as they were planted.
        told: Whether the file tells the answer; the first way of each remedy leads to it then.
    """

    write: Callable[[Path], Path]
    arguments: Mapping[str, Any] = field(default_factory=lambda: dict(UNITS))
    wanted: NDArray[np.float64] = field(default_factory=lambda: MOTION)
    told: bool = True

    def is_read(self, percept: Any) -> bool:
        """Whether a percept holds what was planted."""
        return (
            isinstance(percept, IMU)
            and percept.samples.shape == self.wanted.shape
            and np.allclose(percept.samples, self.wanted, rtol=2e-3, atol=0.02)
        )


def table(
    columns: Mapping[str, Any], name: str = "walk.csv", *, header: bool = True
) -> Callable[[Path], Path]:
    """Write columns as a table with a row of names."""

    def write(folder: Path) -> Path:
        rows = zip(*(map(_cell, column) for column in columns.values()), strict=True)
        lines = [",".join(columns)] * header + [",".join(row) for row in rows]
        path = folder / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def array(samples: NDArray[Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / "walk.npy", samples)
        return folder / "walk.npy"

    return write


def arrays(**named: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "walk.npz", **named)
        return folder / "walk.npz"

    return write


def timed(
    samples: NDArray[np.float64] = MOTION, names: tuple[str, ...] = NAMES, **more: Any
) -> dict[str, Any]:
    """Columns of a table with times in seconds."""
    return {"t": T[: len(samples)], **dict(zip(names, samples.T, strict=False)), **more}


def with_rows(rows: slice, value: float) -> NDArray[np.float64]:
    changed = MOTION.copy()
    changed[rows] = value
    return changed


LEFT = np.delete(MOTION, np.s_[50:60], axis=0)
IN_G = MOTION / np.array([G] * 3 + [1] * 3)
COUNTS = np.rint(MOTION * np.array([16384 / G] * 3 + [131 * 180 / math.pi] * 3))
WRAPPED = (np.arange(COUNT) * 10_000 + 2**32 - 1_000_000) % 2**32
NO_GYRO = np.hstack([ACCEL, np.zeros_like(ACCEL)])
PLAIN = tuple("pqrsuv")
BOTH = {**dict(zip(NAMES[:3], ACCEL.T, strict=True)), **dict(zip(NAMES[3:], GYRO.T, strict=True))}


def _two_files(folder: Path) -> Path:
    names = ("x", "y", "z")
    table({"t": T, **dict(zip(names, GYRO.T, strict=True))}, "Gyroscope.csv")(folder)
    return table({"t": T, **dict(zip(names, ACCEL.T, strict=True))}, "Accelerometer.csv")(folder)


MOTIONS: dict[str, Refused] = {
    "no units": Refused(table(timed()), {}, told=False),
    "no units, in g": Refused(table(timed(IN_G)), {}, told=False),
    "no units, in counts": Refused(table(timed(COUNTS)), {"gyro": 1 / 131 * math.pi / 180}),
    "no unit of the rotation, in degrees": Refused(
        table(timed(np.hstack([ACCEL, np.degrees(GYRO)]))), {"accel": "m/s^2"}, told=False
    ),
    "an unknown unit in brackets": Refused(
        table(
            dict(
                zip(
                    ["t", *(f"a{x} (LSB)" for x in "xyz"), *NAMES[3:]],
                    [T, *COUNTS.T[:3], *GYRO.T],
                    strict=True,
                )
            )
        ),
        {"gyro": "rad/s"},
    ),
    "a contradicted header": Refused(
        table(
            dict(
                zip(
                    ["t", *NAMES[:3], *(f"g{x} (°/s)" for x in "xyz")],
                    [T, *ACCEL.T, *np.degrees(GYRO).T],
                    strict=True,
                )
            )
        ),
    ),
    "a wrong header": Refused(
        table(
            dict(
                zip(["t", *NAMES[:3], *(f"g{x} (°/s)" for x in "xyz")], [T, *MOTION.T], strict=True)
            )
        ),
        told=False,
    ),
    "a unit that is none": Refused(table(timed()), {"accel": "m/s", "gyro": "rad/s"}),
    "g for m/s^2": Refused(table(timed()), {"accel": "g", "gyro": "rad/s"}),
    "m/s^2 for g": Refused(table(timed(IN_G))),
    "counts for m/s^2": Refused(table(timed(np.hstack([COUNTS[:, :3], GYRO])))),
    "degrees for radians": Refused(
        table(timed(MOTION * np.array([1] * 3 + [12 * 180 / math.pi] * 3))),
        wanted=MOTION * np.array([1] * 3 + [12] * 3),
    ),
    "a spinning top": Refused(
        table(timed(MOTION * np.array([1] * 3 + [100] * 3))),
        wanted=MOTION * np.array([1] * 3 + [100] * 3),
        told=False,
    ),
    "-999 for no reading": Refused(table(timed(with_rows(np.s_[50:60], -999))), wanted=LEFT),
    "-999 in an array": Refused(
        array(with_rows(np.s_[50:60], -999)), {**UNITS, "rate": 100}, wanted=LEFT
    ),
    "neither a rate nor times": Refused(table(BOTH), told=False),
    "an array without a rate": Refused(array(MOTION)),
    "its own times and another rate": Refused(table(timed()), {**UNITS, "rate": 50}),
    "its own rate and another": Refused(
        arrays(data=MOTION, rate=100), {**UNITS, "rate": 50}, told=False
    ),
    "a period for the rate": Refused(table(BOTH), {**UNITS, "rate": 0.01}),
    "rows out of order": Refused(
        table(
            {
                name: np.concatenate([column[:20], column[[25, 21, 22, 23, 24, 20]], column[26:]])
                for name, column in timed().items()
            }
        ),
    ),
    "rows twice": Refused(
        table(
            {name: np.concatenate([column[:20], column[18:]]) for name, column in timed().items()}
        ),
    ),
    "two recordings one behind the other": Refused(table({**timed(), "t": T % 1})),
    "a force that is called as a rotation is": Refused(
        table({"t": T, **dict(zip(NAMES[3:], (ACCEL / G).T, strict=True))}),
        {"accel": "g", "gyro": "none"},
        wanted=NO_GYRO,
    ),
    "packets in bursts": Refused(
        table({**timed(), "t": np.floor(T * 5) / 5 + (T * RATE % 20) * 1e-4}), told=False
    ),
    "milliseconds called seconds": Refused(
        table({"t (s)": T * 1000, **BOTH}),
    ),
    "milliseconds in an array": Refused(array(np.column_stack([T * 1000, MOTION]))),
    "an unknown unit of time": Refused(table(timed()), {**UNITS, "time_unit": "msec"}, told=False),
    "an accelerometer alone": Refused(
        table({"t": T, **dict(zip(NAMES[:3], ACCEL.T, strict=True))}), wanted=NO_GYRO
    ),
    "an accelerometer alone in an array": Refused(
        array(ACCEL), {**UNITS, "rate": 100}, wanted=NO_GYRO
    ),
    "a gyroscope that is said not to be": Refused(
        table(timed()), {"accel": "m/s^2", "gyro": "none"}
    ),
    "names that mean nothing": Refused(table(timed(names=PLAIN))),
    "no names": Refused(table(timed(), header=False)),
    "axes backwards below names that mean nothing": Refused(
        table(
            {
                "t": T,
                **dict(zip(("p_z", "p_y", "p_x"), ACCEL.T[::-1], strict=True)),
                **dict(zip(("s_z", "s_y", "s_x"), GYRO.T[::-1], strict=True)),
            }
        ),
    ),
    "the order of the axes above the first of them": Refused(
        table(
            {
                "t": T,
                "Force (z x y) [m/s2]": ACCEL[:, 2],
                "1": ACCEL[:, 0],
                "2": ACCEL[:, 1],
                "temperature": T * 0 + 24,
            }
        ),
        wanted=NO_GYRO,
    ),
    "what stays the same beside an accelerometer": Refused(
        table({"subject": T * 0 + 33, "t": T, **dict(zip("pqr", ACCEL.T, strict=True))}),
        wanted=NO_GYRO,
    ),
    "an accelerometer beside other numbers": Refused(
        table({"t": T, **dict(zip("pqrsuv", MOTION.T, strict=True))}),
        {"accel": "m/s^2", "gyro": "none"},
        wanted=NO_GYRO,
    ),
    "no names, and dates": Refused(
        table(
            {
                **timed(),
                "t": [f"2026-07-01 10:00:{i // 100:02}.{i % 100:02}" for i in range(COUNT)],
            },
            header=False,
        ),
    ),
    "names in two ways": Refused(
        table(timed(np.hstack([MOTION, MOTION + 3]), (*NAMES, *(f"acc_{x}" for x in "xyz")))),
    ),
    "a column misspelled": Refused(
        table(timed(names=PLAIN)),
        {**UNITS, "columns": {"accel": ["p", "q", "r"], "gyro": ["S", "u", "v"]}},
    ),
    "gravity beside a rotation": Refused(
        table(
            {
                "t": T,
                **dict(zip(NAMES[:3], ACCEL.T, strict=True)),
                **dict(zip(("rx", "ry", "rz"), GYRO.T, strict=True)),
                **dict(zip(NAMES[3:], (ACCEL * 0 + [0, 0, 1.0]).T, strict=True)),
            }
        ),
        told=False,
    ),
    "gravity for the rotation": Refused(
        table(timed(np.hstack([ACCEL, ACCEL * 0 + [0.6, 0, 0.8]]))), wanted=NO_GYRO
    ),
    "sensors exchanged": Refused(table(timed(np.hstack([GYRO, ACCEL])))),
    "sensors exchanged in an array": Refused(
        array(np.hstack([GYRO, ACCEL])), {**UNITS, "rate": 100}
    ),
    "sensors exchanged in arrays": Refused(arrays(accel=GYRO, gyro=ACCEL, rate=100)),
    "a wider array": Refused(array(np.column_stack([T, MOTION, MOTION[:, :2]])), told=True),
    "arrays of other names": Refused(
        arrays(stamps=T, acceleration_data=ACCEL, gyroscope_data=GYRO)
    ),
    "two files": Refused(_two_files),
}
