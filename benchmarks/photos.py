"""A folder of photos through `sensorium remember`, beside the bare encoding of the same files.

`python benchmarks/photos.py --photos 2000 10000` rewrites photos.md. Bare is a loop that opens the
files of the first number sixteen at a time and encodes them, and keeps nothing. All run in
processes of their own, in turn, with the same threads. What is compared is processor time, of which
other programs take none.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from machine import describe
from tables import markdown

from sensorium.samples import FOLDER

HERE = Path(__file__).parent
SIZE, LARGE = (640, 480), (4000, 3000)  # pixels, of which one in a hundred has the latter
EVERY = 100
NOISE = 12  # of 255, so that no two photos are alike
BARE = """
import sys
from pathlib import Path
from sensorium.encoders import load_encoder
from sensorium.percepts import Image
paths = sorted(Path(sys.argv[1]).rglob("*.jpg"))
encoder = load_encoder("sensorium-mini")
for start in range(0, len(paths), 16):
    encoder.encode([Image(path) for path in paths[start : start + 16]])
"""
MEASURED = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, time.perf_counter() - start, used.ru_maxrss]))
"""
HEADING = """# A folder of photos, beside bare encoding

Written by `python benchmarks/photos.py`. One photo in {every} has {large} pixels, the others have
{small}. Bare opens and encodes the files of the first number sixteen at a time and keeps nothing;
`remember` finds them, dates them, encodes them, keeps vectors and files, and looks up what is known
already. *Remember again* is the same command once more, when all are known. Photos a second are
those of one processor.
"""
COLUMNS = (
    "photos",
    "what",
    "processor, s",
    "photos/s of processor",
    "x bare",
    "wall, s",
    "peak MB",
)


def write_photos(folder: Path, count: int) -> None:
    """Write photos that are all different: parts of the samples, with noise."""
    random = np.random.default_rng(0)
    sources = [PIL.Image.open(path).convert("RGB") for path in sorted(FOLDER.glob("photo_*.jpg"))]
    for number in range(count):
        source = sources[number % len(sources)]
        width, height = source.size
        x, y = random.integers(0, width // 3), random.integers(0, height // 3)
        size = LARGE if number % EVERY == EVERY // 2 else SIZE
        part = source.crop((x, y, x + width * 2 // 3, y + height * 2 // 3)).resize(size)
        noise = random.integers(-NOISE, NOISE, (SIZE[1], SIZE[0], 1), dtype=np.int16)
        pixels = np.asarray(part).astype(np.int16)
        pixels[: SIZE[1], : SIZE[0]] += noise
        content = io.BytesIO()
        picture = PIL.Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(content, "JPEG", quality=85)
        place = folder / f"{number // 500:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"IMG_{number:05d}.jpg").write_bytes(content.getvalue())


def measured(*command: str) -> tuple[float, float, float]:
    """Run a command, and return its seconds of processor and wall time, and its peak in MB."""
    run = [sys.executable, "-c", MEASURED, *command]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    cpu, wall, peak = json.loads(said)
    return cpu, wall, peak * 1024 / 1e6


def compared(folder: Path, count: int, bare: float | None) -> tuple[list[list[str]], float]:
    """Measure one number of photos.

    Args:
        folder: The photos.
        count: How many they are.
        bare: Seconds of processor that one photo takes to encode; `None` to measure it.
    Returns:
        The rows of the table, and what bare encoding takes.
    """
    remember = [str(Path(sys.executable).with_name("sensorium")), "remember", str(folder), "--json"]
    runs = {}
    if bare is None:
        runs["bare"] = measured(sys.executable, "-c", BARE, str(folder))
        bare = runs["bare"][0] / count
    with tempfile.TemporaryDirectory() as memory:
        place = ["--memory", f"{memory}/memory"]
        runs["remember"] = measured(*remember, *place)
        runs["remember again"] = measured(*remember, *place)
    rows = [
        [
            f"{count:,}",
            name,
            f"{cpu:.1f}",
            f"{count / cpu:.1f}",
            f"{cpu / count / bare:.2f}",
            f"{wall:.1f}",
            f"{peak:.0f}",
        ]
        for name, (cpu, wall, peak) in runs.items()
    ]
    for row in rows:
        print(*row, flush=True)
    return rows, bare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, nargs="+", default=[2000, 10_000])
    parser.add_argument("--output", type=Path, default=HERE / "photos.md")
    asked = parser.parse_args()
    rows: list[list[str]] = []
    bare = None
    for count in asked.photos:
        with tempfile.TemporaryDirectory() as folder:
            write_photos(Path(folder), count)
            found, bare = compared(Path(folder), count, bare)
        rows += found
    sizes = {"large": "{} x {}".format(*LARGE), "small": "{} x {}".format(*SIZE), "every": EVERY}
    machine = "\n".join(f"- {k}: {v}" for k, v in describe(torch.device("cpu")).items())
    text = f"{HEADING.format(**sizes)}\n{markdown(COLUMNS, rows)}\n\n{machine}\n"
    asked.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
