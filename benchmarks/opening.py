"""Time and memory of opening ImageBind-huge, with one tower and with all.

    python benchmarks/opening.py             # 10 GB of temporary files, removed at the end
    python benchmarks/opening.py --quick     # two blocks in each tower

Each line is measured in a process of its own; imports are not counted. Peak memory includes mapped
pages of the file. The file is in the page cache, so that the speed of the disk is not measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from machine import describe
from measure import resident
from sizes import chosen_config
from tables import markdown, show

from sensorium.imagebind import ImageBind
from sensorium.imagebind.config import TOWER_OF, TOWERS, ImageBindConfig
from sensorium.imagebind.convert import convert
from sensorium.imagebind.model import random_weights
from sensorium.imagebind.parameter_names import expected_shapes

HEADROOM = 1.1  # disk space needed, over the size of the two checkpoints
COLUMNS = ("what", "from", "seconds", "weights MB", "peak MB", "peak / weights")


@dataclass(frozen=True)
class Opening:
    """A way of opening the model.

    Attributes:
        label: Name of the line in the table.
        source: `towers` (a directory) or `checkpoint.pth`.
        towers: Towers to load; empty to open the model only.
        dtype: Precision of the loaded weights.
        packed: As in `ImageBind.from_checkpoint`.
    """

    label: str
    source: str
    towers: tuple[str, ...]
    dtype: str = "float32"
    packed: bool = True


DIRECTORY, PICKLE = "towers", "checkpoint.pth"
OPENINGS = (
    Opening("open, load nothing", DIRECTORY, ()),
    Opening("IMU tower, float32", DIRECTORY, ("imu",)),
    Opening("IMU tower, bfloat16", DIRECTORY, ("imu",), "bfloat16"),
    Opening("every tower, float32", DIRECTORY, TOWERS),
    Opening("every tower, float32, memory-mapped", DIRECTORY, TOWERS, packed=False),
    Opening("every tower, bfloat16", DIRECTORY, TOWERS, "bfloat16"),
    Opening("IMU tower, float32", PICKLE, ("imu",)),
    Opening("every tower, float32", PICKLE, TOWERS),
    Opening("every tower, bfloat16", PICKLE, TOWERS, "bfloat16"),
)


@dataclass(frozen=True)
class Line:
    """The figures of one opening, without imports."""

    what: str
    source: str
    seconds: float
    weight_bytes: int  # at the loaded precision
    peak_bytes: int

    def cells(self) -> list[str]:
        """Return the table's row."""
        ratio = f"{self.peak_bytes / self.weight_bytes:.2f}" if self.weight_bytes else ""
        numbers = (
            f"{self.weight_bytes / 1e6:.0f}",
            f"{self.peak_bytes / 1e6:.0f}",
            ratio,
        )
        return [self.what, self.source, f"{self.seconds:.2f}", *numbers]


def measure(opening: Opening, directory: Path, config: ImageBindConfig) -> Line:
    """Open and load in this process, which must not have opened a model before."""
    before, start = resident("VmRSS"), time.perf_counter()
    modalities = {m for m, t in TOWER_OF.items() if t in (opening.towers or TOWERS)}
    model = ImageBind.from_checkpoint(
        directory / opening.source,
        config=config,
        modalities=modalities,
        device="cpu",
        dtype=opening.dtype,
        packed=opening.packed,
    )
    for modality in sorted(modalities) if opening.towers else ():
        model.tower(modality)
    seconds = time.perf_counter() - start
    size = 2 if opening.dtype == "bfloat16" else 4
    weights = sum(_parameters(config, tower) for tower in opening.towers) * size
    return Line(opening.label, opening.source, seconds, weights, resident("VmHWM") - before)


def write(directory: Path, config: ImageBindConfig) -> None:
    """Write a random checkpoint in the released layout, and convert it to our own."""
    torch.save(random_weights(config, TOWERS, seed=0), directory / PICKLE)
    convert(directory / PICKLE, directory / DIRECTORY, config=config)


def _parameters(config: ImageBindConfig, tower: str) -> int:
    return sum(torch.Size(shape).numel() for shape in expected_shapes(config, tower).values())


def _child(directory: Path, step: str, quick: bool) -> str:
    """Run one step in a new process; return its output."""
    command = [sys.executable, __file__, "--step", step, "--directory", str(directory)]
    command += ["--quick"] if quick else []
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _step(step: str, directory: Path, config: ImageBindConfig) -> None:
    """Run one step in this process: write the files, or measure an opening and print JSON."""
    if step == "write":
        write(directory, config)
    else:
        print(json.dumps(asdict(measure(OPENINGS[int(step)], directory, config))))


def _require_disk(directory: Path, config: ImageBindConfig) -> None:
    needed = HEADROOM * 2 * 4 * sum(_parameters(config, tower) for tower in TOWERS)
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise SystemExit(
            f"{free / 1e9:.1f} GB are free for temporary files, {needed / 1e9:.1f} GB are needed: "
            "set TMPDIR to a larger disk, or use --quick"
        )


def main() -> None:
    """Write the files, measure each opening in its own process, remove the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="two blocks in each tower")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    config = chosen_config(quick=options.quick)
    if options.step:
        _step(options.step, options.directory, config)
        return
    with tempfile.TemporaryDirectory(prefix="sensorium-opening-") as name:
        directory = Path(name)
        _require_disk(directory, config)
        _child(directory, "write", options.quick)
        found = [_child(directory, str(index), options.quick) for index in range(len(OPENINGS))]
    lines = [Line(**json.loads(each)) for each in found]
    rows = [line.cells() for line in lines]
    facts = describe(torch.device("cpu"))
    if options.markdown:
        print(markdown(COLUMNS, rows), end="\n\n")
    else:
        show("Opening", COLUMNS, rows)
    print("\n".join(f"- {fact}: {value}" for fact, value in facts.items()))
    if options.json:
        record = {"machine": facts, "lines": [asdict(line) for line in lines]}
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
