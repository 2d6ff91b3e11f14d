"""Maps of depth and heat that are refused, each with a remedy that reads what was planted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sensorium.percepts import Depth, Thermal

ROWS, COLUMNS = np.mgrid[0:24, 0:32].astype(float)
METRES = 1.5 + 0.031 * ROWS + 0.017 * COLUMNS
MM = np.rint(METRES * 1000).astype(np.uint16)
HOLES = np.eye(24, 32, dtype=bool)
HOLED = np.where(HOLES, np.nan, METRES)
CELSIUS = 18 + 0.2 * ROWS + 0.1 * COLUMNS
UNITS = {"unit": "mm", "fx": 30}
METRIC = {"unit": "m", "fx": 30}


@dataclass(frozen=True)
class RefusedMap:
    """A file that is refused, and the map that is in it.

    Attributes:
        write: Writes it into a folder.
        arguments: What it is opened with.
        wanted: Metres, NaN at holes; or degrees Celsius.
        told: Whether the file tells the answer; the first way of each remedy leads to it then.
    """

    write: Callable[[Path], Path]
    arguments: Mapping[str, Any]
    wanted: NDArray[np.float64]
    told: bool = True

    def is_read(self, percept: Any) -> bool:
        """Whether a percept holds what was planted."""
        if isinstance(percept, Depth):
            found = percept.disparity() if percept.unit == "disparity" else percept.metres()
            return found.shape == self.wanted.shape and np.allclose(
                found, self.wanted, rtol=2e-3, atol=0.02, equal_nan=True
            )
        assert isinstance(percept, Thermal)
        low, high = np.percentile(self.wanted, (1, 99))
        return np.allclose(percept.range(), (low, high), atol=0.4)


def picture(values: NDArray[Any], name: str = "map.png") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        PIL.Image.fromarray(values).save(folder / name)
        return folder / name

    return write


def array(values: NDArray[Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.save(folder / "map.npy", values)
        return folder / "map.npy"

    return write


def arrays(**named: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        np.savez(folder / "map.npz", **named)
        return folder / "map.npz"

    return write


def bare(values: NDArray[Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / "map.raw").write_bytes(values.tobytes())
        return folder / "map.raw"

    return write


def pages(*maps: NDArray[Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        first, *others = (PIL.Image.fromarray(each) for each in maps)
        first.save(folder / "map.tiff", save_all=True, append_images=others)
        return folder / "map.tiff"

    return write


def matrices(*maps: NDArray[Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        blocks = ["\n".join(",".join(f"{x:.4f}" for x in row) for row in each) for each in maps]
        (folder / "map.csv").write_text("\n\nframe\n\n".join(blocks) + "\n")
        return folder / "map.csv"

    return write


def lines(values: NDArray[Any], *, stamped: bool = False) -> Callable[[Path], Path]:
    """Write a map again and again, each time on one line."""

    def write(folder: Path) -> Path:
        line = ",".join(f"{x:.2f}" for x in values.ravel())
        times = [f"2026-07-01 10:00:{second:02}," * stamped for second in range(20)]
        (folder / "map.csv").write_text("\n".join(f"{time}{line}" for time in times) + "\n")
        return folder / "map.csv"

    return write


DEPTHS: dict[str, RefusedMap] = {
    "no unit": RefusedMap(picture(MM), {"fx": 30}, METRES, told=False),
    "no unit of floats": RefusedMap(array(METRES), {"fx": 30}, METRES),
    "no focal length": RefusedMap(picture(MM), {"unit": "mm"}, METRES),
    "no focal length that can be": RefusedMap(picture(MM), {"unit": "mm", "fx": 0.5}, METRES),
    "a unit that is none": RefusedMap(array(METRES), {"unit": "meters", "fx": 30}, METRES),
    "metres called millimetres": RefusedMap(array(METRES), UNITS, METRES),
    "millimetres called metres": RefusedMap(picture(MM), METRIC, METRES),
    "a finer unit": RefusedMap(
        picture(np.rint(METRES * 5000).astype(np.uint16)),
        {**UNITS, "unit": "1/10"},
        METRES,
        told=False,
    ),
    "rotated bits": RefusedMap(picture(MM * np.uint16(8)), UNITS, METRES),
    "bits of confidence": RefusedMap(picture(MM | np.uint16(0xE000)), UNITS, METRES),
    "swapped bytes": RefusedMap(picture(MM.byteswap()), UNITS, METRES),
    "65535 for no depth": RefusedMap(picture(np.where(HOLES, np.uint16(65535), MM)), UNITS, HOLED),
    "a renderer's mark for nothing": RefusedMap(
        array(np.where(HOLES, 1e10, METRES).astype(np.float32)), METRIC, HOLED
    ),
    "the maps of a stack along its last axis": RefusedMap(
        array(np.stack([METRES, METRES + 1], axis=-1)), METRIC, METRES
    ),
    "-1 for no depth": RefusedMap(array(np.where(HOLES, -1, METRES)), METRIC, HOLED),
    "depth behind the camera": RefusedMap(array(-METRES), METRIC, METRES),
    "disparity of KITTI": RefusedMap(
        picture(np.rint(METRES * 10 * 256).astype(np.uint16)), {"unit": "disparity"}, METRES * 10
    ),
    "eight bits": RefusedMap(
        picture(np.rint(METRES * 50).astype(np.uint8)), {**UNITS, "unit": 0.02}, METRES
    ),
    "a stack of arrays": RefusedMap(array(np.stack([METRES, METRES + 1])), METRIC, METRES),
    "two pages": RefusedMap(pages(MM, MM + np.uint16(500)), UNITS, METRES),
    "two matrices": RefusedMap(matrices(METRES, METRES + 1), METRIC, METRES),
    "two arrays": RefusedMap(arrays(depth=METRES, sky=METRES + 9), METRIC, METRES),
    "an array of another name": RefusedMap(
        arrays(depth=METRES, sky=METRES + 9), {**METRIC, "dataset": "deph"}, METRES
    ),
    "numbers without a header": RefusedMap(
        bare(np.tile(METRES, (20, 20)).astype("<f4")), METRIC, np.tile(METRES, (20, 20))
    ),
    "numbers without a type": RefusedMap(bare(MM), {**UNITS, "shape": (24, 32)}, METRES),
    "numbers of another type": RefusedMap(
        bare(METRES.astype("<f4")),
        {**METRIC, "shape": (24, 32), "dtype": "float64"},
        METRES,
    ),
    "a number that is none": RefusedMap(picture(MM), {**UNITS, "scale": "x"}, METRES, told=False),
    "a frame that is not there": RefusedMap(pages(MM), {**UNITS, "frame": 3}, METRES),
}

HEATS: dict[str, RefusedMap] = {
    "no unit": RefusedMap(array(CELSIUS), {}, CELSIUS),
    "no unit of hundredths of kelvin": RefusedMap(
        picture(np.rint((CELSIUS + 273.15) * 100).astype(np.uint16)), {}, CELSIUS, told=False
    ),
    "a unit that is none": RefusedMap(array(CELSIUS), {"unit": "degC"}, CELSIUS),
    "kelvin for celsius": RefusedMap(array(CELSIUS), {"unit": "kelvin"}, CELSIUS),
    "celsius for kelvin": RefusedMap(array(CELSIUS + 273.15), {"unit": "celsius"}, CELSIUS),
    "hundredths of kelvin": RefusedMap(
        picture(np.rint((CELSIUS + 273.15) * 100).astype(np.uint16)),
        {"unit": "kelvin"},
        CELSIUS,
        told=False,
    ),
    "tenths of a degree": RefusedMap(
        picture(np.rint(CELSIUS * 10).astype(np.uint16)), {"unit": "celsius"}, CELSIUS, told=False
    ),
    "swapped bytes": RefusedMap(
        picture(np.rint((CELSIUS + 273.15) * 100).astype(np.uint16).byteswap()),
        {"unit": "kelvin", "scale": 0.01},
        CELSIUS,
    ),
    "holes": RefusedMap(array(np.where(HOLES, np.nan, CELSIUS)), {"unit": "celsius"}, CELSIUS),
    "a stack of arrays": RefusedMap(
        array(np.stack([CELSIUS, CELSIUS + 5])), {"unit": "celsius"}, CELSIUS
    ),
    "a map on each line": RefusedMap(lines(CELSIUS), {"unit": "celsius"}, CELSIUS),
    "a time and a map on each line": RefusedMap(
        lines(CELSIUS, stamped=True), {"unit": "celsius"}, CELSIUS
    ),
    "a palette for degrees": RefusedMap(
        array(CELSIUS), {"unit": "celsius", "palette": "ironbow"}, CELSIUS
    ),
    "a furnace": RefusedMap(
        array(np.rint(CELSIUS * 40)), {"unit": "celsius"}, CELSIUS * 40, told=False
    ),
}
