"""Give sensorium-mini a seventh sense: the current that a household appliance draws.

Two data sets come from Python packages, which are only read, never imported:

    pip install --no-deps sktime chemotools
    python examples/bind_a_seventh_sense.py

PLAID (in sktime, BSD-3-Clause; Gao et al., "PLAID: a public dataset of high-resolution electrical
appliance measurements for load identification research", 2014) has 1,074 recordings of 11 kinds of
appliances. The package does not state a licence of the recordings themselves: read PLAID's own
before you ship them. Near-infrared spectra of coffee (in chemotools, MIT) have 60 samples of three
origins. Neither is a part of Sensorium.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from sensorium.encoders import load_encoder, normalise
from sensorium.encoders.binding import RandomConvolutions, bind, load_bound
from sensorium.memory import Memory
from sensorium.percepts import Series, Text

KINDS = {  # of PLAID by their numbers, with what else people call them
    "air conditioner": "a machine that cools the room",
    "compact fluorescent lamp": "an energy-saving light",
    "fan": "a ventilator",
    "fridge": "a refrigerator",
    "hairdryer": "a blow-dryer",
    "heater": "an electric radiator",
    "incandescent light bulb": "a filament lamp",
    "laptop": "a notebook computer",
    "microwave": "an oven that warms food up in a minute",
    "vacuum cleaner": "a hoover",
    "washing machine": "a laundry machine",
}
ORIGINS = ("Ethiopia", "Brasil", "Vietnam")
PACKAGES = {"sktime": "datasets/data/PLAID", "chemotools": "datasets/data"}


class Mains(Series):
    """Current drawn from the mains."""

    modality = "mains"
    factors: ClassVar = {"A": 1.0, "mA": 1e-3}


class Spectrum(Series):
    """Absorbance by wavenumber; its rate is points per step of the instrument."""

    modality = "spectrum"
    factors: ClassVar = {"absorbance": 1.0}


def folder_of(package: str, unpacked: Path | None) -> Path | None:
    """Find the data of a package, installed or unpacked, without importing it."""
    if unpacked is not None:
        root: Path | None = unpacked / package
    else:
        spec = find_spec(package)
        root = Path(spec.origin).parent if spec is not None and spec.origin else None
    data = None if root is None else root / PACKAGES[package]
    return data if data is not None and data.is_dir() else None


def recordings(file: Path) -> list[tuple[Mains, str]]:
    """Read one half of PLAID: a line has samples, commas between, and after a colon its kind."""
    names, found = list(KINDS), []
    _, _, body = file.read_text(encoding="utf-8-sig").partition("@data")
    for line in body.splitlines():
        if line.strip():
            samples, _, kind = line.rpartition(":")
            amperes = np.array(samples.split(","), np.float32)
            found.append((Mains(amperes, rate=30_000, unit="A"), names[int(kind)]))
    return found


def remembered(features: Callable[..., Any]) -> Callable[[Sequence[Any]], Any]:
    """Compute the features of each recording once: many maps are learned from the same ones."""
    known: dict[str, Any] = {}

    def rows(percepts: Sequence[Any]) -> Any:
        new = [percept for percept in percepts if percept.digest not in known]
        known.update(zip((percept.digest for percept in new), features(new), strict=True))
        return np.stack([known[percept.digest] for percept in percepts])

    return rows


def right(encoder: Any, asked: Sequence[Any], names: Sequence[str], *, top: int = 1) -> float:
    """Return how often the right name is among the `top` nearest."""
    words = encoder.embed([Text(name) for name in names])
    nearest = np.argsort(-encoder.embed([percept for percept, _ in asked]) @ words.T, axis=1)
    kinds = [list(KINDS).index(kind) for _, kind in asked]
    hits = [kind in row[:top] for kind, row in zip(kinds, nearest, strict=True)]
    return float(np.mean(hits))


def appliances(data: Path) -> None:
    """Bind mains current on one half of PLAID, and ask about the other."""
    taught = recordings(data / "PLAID_TRAIN.ts")
    asked = recordings(data / "PLAID_TEST.ts")
    host = load_encoder()
    began = time.perf_counter()
    seven = bind("mains", None, taught, to=host, provenance={"source": "PLAID, in sktime"})
    print(f"bound {len(taught)} recordings in {time.perf_counter() - began:.1f} s;", end=" ")
    print(f"held out in turn, {seven.sense.report['held_out']:.2f} are right")
    words = [Text("a dog"), Text("rain")]
    print("other senses bit for bit the same:", (seven.embed(words) == host.embed(words)).all())

    names, chance = list(KINDS), seven.sense.report["chance"]
    print(
        f"{len(asked)} recordings that it has not seen, 11 kinds (the commonest alone: "
        f"{chance:.2f})"
    )
    print(f"  by the names that it was taught:  {right(seven, asked, names):.3f}")
    print(f"  by words that it was not taught:  {right(seven, asked, [*KINDS.values()]):.3f}")
    rows = remembered(RandomConvolutions())
    unseen = []
    for name in names:
        fewer = bind("mains", rows, [pair for pair in taught if pair[1] != name], to=host)
        unseen.append(right(fewer, [pair for pair in asked if pair[1] == name], names, top=3))
    print(
        f"  a kind that it was never taught, its name among the first 3: {np.mean(unseen):.3f} "
        f"(chance {3 / 11:.2f})"
    )
    print("so: eleven kinds make a sense of eleven kinds, not an open vocabulary")
    in_a_memory(seven, asked)


def in_a_memory(seven: Any, asked: Sequence[tuple[Mains, str]]) -> None:
    """Save the sense, open it again, and use it in a memory as any other."""
    with tempfile.TemporaryDirectory() as folder:
        file = seven.save(Path(folder) / "mains.safetensors")
        print(f"saved in {file.stat().st_size / 1e6:.1f} MB")
        again = load_bound(file)
    with Memory.open(":memory:", owner="house", encoder=again) as memory:
        for recording, kind in asked[::10]:
            memory.remember(recording, tags=[kind])
        for question in ("a laptop is running", "somebody dries their hair"):
            [hit] = memory.recall(question, limit=1)
            print(f"{question}: {hit.modality}, {hit.record.tags[0]}")


def coffee(data: Path) -> None:
    """Name the origin of coffee by its spectrum, each sample left out once."""
    table = np.genfromtxt(data / "coffee_spectra.csv", delimiter=",", skip_header=1)
    labels = (data / "coffee_labels.csv").read_text(encoding="utf-8").split()[1:]
    origins = [label.strip(",").split(",")[-1] for label in labels]
    spectra = [Spectrum(row, rate=1.0, unit="absorbance") for row in table]
    host, hits = load_encoder(), 0

    def curves(percepts: Sequence[Spectrum]) -> Any:
        return np.stack([percept.samples()[:, 0] for percept in percepts])

    said = [f"coffee from {origin}" for origin in ORIGINS]
    words = normalise(host.embed([Text(each) for each in said]))
    for left in range(len(spectra)):
        pairs = [
            (spectrum, f"coffee from {origin}")
            for place, (spectrum, origin) in enumerate(zip(spectra, origins, strict=True))
            if place != left
        ]
        bound = bind("spectrum", curves, pairs, to=host)
        nearest = int((bound.embed([spectra[left]]) @ words.T).argmax())
        hits += ORIGINS[nearest] == origins[left]
    print(f"origin of coffee, each sample left out once: {hits} of {len(spectra)} (chance 20)")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unpacked", type=Path, help="folder into which the wheels were unpacked")
    unpacked = parser.parse_args(arguments).unpacked
    missing = []
    for package, show in {"sktime": appliances, "chemotools": coffee}.items():
        data = folder_of(package, unpacked)
        if data is None:
            missing.append(package)
        else:
            show(data)
    if missing:
        print(f"no data of {', '.join(missing)}; run: pip install --no-deps {' '.join(missing)}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
