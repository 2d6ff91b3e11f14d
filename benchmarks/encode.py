"""The speed of encoding, beside the plain float32 computation (`plain.py`) in one process.

    python benchmarks/encode.py                       # all modalities, full sizes: some minutes
    python benchmarks/encode.py --quick               # two blocks in each tower, to try the script
    python benchmarks/encode.py --threads 1           # by the thread's own time, on a busy machine
    python benchmarks/encode.py --device cuda --compile reduce-overhead

Weights are random, as speed does not depend on them. Both computations get the same weights and the
same inputs; if their results disagree, nothing is printed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from machine import Product, describe, products
from measure import Clock, Run, Timing, alternate, working_memory
from plain import PlainTower
from rich.console import Console
from sizes import chosen_config
from tables import markdown, show
from torch import Tensor
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from sensorium.imagebind.checkpoint import InMemory
from sensorium.imagebind.config import TOWER_OF, TOWERS, ImageBindConfig
from sensorium.imagebind.model import WINDOW_SHAPE, ImageBind, random_weights
from sensorium.imagebind.stems import POSITIONS, VOCABULARY
from sensorium.imagebind.tower import Tower

AGREEMENT = 1e-4  # largest difference between components of the unit vectors, in float32
LEAST_SECONDS = 3.0  # spent on each input at least
SIZES = {"float32": 4, "bfloat16": 2, "int8": 1}  # bytes of a number
PLAIN = "plain float32"
COLUMNS = (
    "input",
    "computation",
    "items/s",
    "x plain",
    "spread",
    "GFLOP/s",
    "of peak",
    "weights GB/s",
    "working MB",
    "difference",
    "cosine",
)


@dataclass(frozen=True)
class Input:
    """A batch of inputs to measure.

    Attributes:
        label: Name of the items.
        modality: Modality of the items.
        batch: Number of items.
        tokens: Tokens of the longest text; 0 for other modalities.
        windows: Windows of an item; 0 where an item is a single window.
    """

    label: str
    modality: str
    batch: int
    tokens: int = 0
    windows: int = 0

    def make(self) -> Tensor:
        """Return seeded inputs as `ImageBind.forward` takes them."""
        generator = torch.Generator().manual_seed(7)
        if self.modality == "text":
            return _texts(self.batch, self.tokens, generator)
        windows = (self.windows,) if self.windows else ()
        return torch.randn(self.batch, *windows, *WINDOW_SHAPE[self.modality], generator=generator)


CPU_INPUTS = (
    Input("text, 8 tokens", "text", 1, tokens=8),
    Input("texts, 8 tokens", "text", 16, tokens=8),
    Input("texts, up to 16 tokens", "text", 8, tokens=16),
    Input("texts, 77 tokens", "text", 8, tokens=77),
    Input("pictures", "image", 8),
    Input("video windows of 2 frames", "video", 4),
    Input("sound windows of 2 s", "audio", 8),
    Input("depth maps", "depth", 8),
    Input("thermal maps", "thermal", 8),
    Input("IMU windows of 10 s", "imu", 8),
)
CUDA_INPUTS = (
    Input("texts, 8 tokens", "text", 64, tokens=8),
    Input("texts, 77 tokens", "text", 64, tokens=77),
    Input("pictures", "image", 64),
    Input("video windows of 2 frames", "video", 64),
    Input("sounds of 3 windows", "audio", 64, windows=3),
    Input("depth maps", "depth", 64),
    Input("thermal maps", "thermal", 64),
    Input("IMU windows of 10 s", "imu", 64),
)


@dataclass(frozen=True)
class Line:
    """The figures of one computation on one input."""

    input: str
    computation: str
    items_per_second: float
    times_plain: float
    spread: float  # the median time over the fastest, minus 1
    operations_per_second: float  # floating-point operations of the matrix products
    fraction_of_peak: float  # share of the rate of a large square product in that precision
    weights_per_second: float  # bytes of the blocks' weights, each of which is read once
    working_bytes: int | None
    difference: float  # largest difference of unit vectors from the plain ones
    cosine: float  # smallest cosine with the plain vectors

    def cells(self) -> list[str]:
        """Return the table's row."""
        working = "?" if self.working_bytes is None else f"{self.working_bytes / 1e6:.0f}"
        return [
            self.input,
            self.computation,
            f"{self.items_per_second:.3g}",
            f"{self.times_plain:.2f}",
            f"{self.spread:.0%}",
            f"{self.operations_per_second / 1e9:.0f}",
            f"{self.fraction_of_peak:.0%}",
            f"{self.weights_per_second / 1e9:.1f}",
            working,
            f"{self.difference:.0e}",
            f"{self.cosine:.5f}",
        ]


@dataclass(frozen=True)
class Bench:
    """The settings that all inputs share."""

    config: ImageBindConfig
    device: torch.device
    repeat: int
    least: float  # seconds spent on each input at least
    compiled: str | None
    clock: Clock
    products: dict[str, Product]  # a large product in each precision, timed beside the rest

    def ours(self, weights: dict[str, Tensor], tower: str) -> dict[str, ImageBind]:
        """Return our model in each precision, with the towers not yet loaded."""
        modalities = [m for m, t in TOWER_OF.items() if t == tower]
        modes: list[tuple[str, str | None]] = [("float32", None), ("bfloat16", None)]
        if "int8" in self.products:
            modes.append(("int8", None))
        if self.compiled:
            modes.append(("bfloat16", self.compiled))
        return {
            f"{dtype} {mode or ''}".strip(): ImageBind(
                InMemory(weights),
                config=self.config,
                modalities=modalities,
                device=self.device,
                dtype=dtype,
                compiled=mode,
            )
            for dtype, mode in modes
        }

    def tower(self, name: str, inputs: list[Input]) -> Iterator[Line]:
        """Measure one tower on its inputs; its weights are freed afterwards."""
        weights = _weights(self.config, name)
        plain = PlainTower(self.config, name)
        plain.load_state_dict(weights, assign=True)
        plain = plain.to(self.device).eval().requires_grad_(False)
        models = self.ours(weights, name)
        for item in inputs:
            yield from self._lines(item, plain, models)

    def _lines(
        self, item: Input, plain: PlainTower, models: dict[str, ImageBind]
    ) -> Iterator[Line]:
        tensors = item.make().to(self.device)
        runs: dict[str, Run] = {PLAIN: lambda: _plain_vectors(plain, tensors, item.windows)}
        for name, model in models.items():
            runs[name] = lambda model=model: model(item.modality, tensors)  # type: ignore[misc]
        vectors = {name: _vectors(run) for name, run in runs.items()}
        differences = {
            name: (found - vectors[PLAIN]).abs().max().item() for name, found in vectors.items()
        }
        cosines = {
            name: F.cosine_similarity(found, vectors[PLAIN], dim=-1).min().item()
            for name, found in vectors.items()
        }
        _check(item, vectors[PLAIN], differences["float32"])
        memory = {name: working_memory(run, self.device) for name, run in runs.items()}
        products: dict[str, Run] = {f"product {d}": each for d, each in self.products.items()}
        timings = alternate(
            *(runs | products, self.device), repeat=self.repeat, least=self.least, clock=self.clock
        )
        for name in runs:
            timing = timings[name]
            dtype = "float32" if name == PLAIN else name.split()[0]
            peak = self.products[dtype].operations / timings[f"product {dtype}"].best
            rate = self._operations(item, name == PLAIN) / timing.best
            yield Line(
                input=f"{item.batch} {item.label}",
                computation=name,
                items_per_second=item.batch / timing.best,
                times_plain=_ratio(timings[PLAIN], timing),
                spread=timing.spread,
                operations_per_second=rate,
                fraction_of_peak=rate / peak,
                weights_per_second=_block_weights(plain) * SIZES[dtype] / timing.best,
                working_bytes=memory[name],
                difference=differences[name],
                cosine=cosines[name],
            )

    def _operations(self, item: Input, plain: bool) -> int:
        """Count the floating-point operations of the products, on tensors without data."""
        name = TOWER_OF[item.modality]
        windows = max(item.windows, 1)
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            inputs = torch.empty(item.batch * windows, *WINDOW_SHAPE.get(item.modality, ()))
            if item.modality == "text":
                tokens = POSITIONS if plain else item.tokens
                inputs = torch.empty(item.batch, tokens, dtype=torch.long)
            (PlainTower if plain else Tower)(self.config, name)(inputs)
        return int(counter.get_total_flops())


def _texts(batch: int, tokens: int, generator: torch.Generator) -> Tensor:
    """Return ids `(B, 77)` of texts with half of `tokens` to `tokens` tokens, then zeros."""
    ids = torch.zeros(batch, POSITIONS, dtype=torch.long)
    for row in range(batch):
        length = tokens - row % (tokens // 2) if tokens < POSITIONS else tokens
        ids[row, :length] = torch.randint(1, VOCABULARY - 2, (length,), generator=generator)
        ids[row, length - 1] = VOCABULARY - 1
    return ids


def _weights(config: ImageBindConfig, tower: str) -> dict[str, Tensor]:
    """Return random weights; norms and biases are random, too, so that a mix-up would show."""
    generator = torch.Generator().manual_seed(3)
    weights = random_weights(config, [tower], seed=3)
    for key, tensor in weights.items():
        if tensor.ndim == 1:
            tensor.normal_(float(key.endswith("weight")), 0.1, generator=generator)
    return weights


def _plain_vectors(plain: PlainTower, inputs: Tensor, windows: int) -> Tensor:
    if not windows:
        return F.normalize(plain(inputs), dim=-1)
    vectors = plain(inputs.flatten(0, 1)).unflatten(0, (-1, windows))
    return F.normalize(vectors.mean(dim=1), dim=-1)


def _vectors(run: Run) -> Tensor:
    vectors = run()
    assert isinstance(vectors, Tensor)
    return vectors.float()


def _check(item: Input, vectors: Tensor, difference: float) -> None:
    lengths = torch.linalg.vector_norm(vectors, dim=-1)
    if not difference < AGREEMENT or not torch.allclose(lengths, torch.ones_like(lengths)):
        raise SystemExit(f"{item.label}: ours differs from plain by {difference}: not comparable")


def _ratio(plain: Timing, other: Timing) -> float:
    return plain.best / other.best


def _block_weights(plain: PlainTower) -> int:
    """Count the numbers in the matrices of the blocks."""
    named = plain.modality_trunks.named_parameters()
    return sum(parameter.numel() for _, parameter in named if parameter.ndim == 2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--modalities", nargs="+", choices=tuple(TOWER_OF), default=tuple(TOWER_OF))
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--batch", type=int, help="items in every input")
    parser.add_argument("--threads", type=int, help="threads of the CPU; torch's choice by default")
    parser.add_argument("--compile", metavar="MODE", help="also measure torch.compile in this mode")
    parser.add_argument("--repeat", type=int, default=5, help="rounds at least; the fastest counts")
    parser.add_argument("--quick", action="store_true", help="two blocks in each tower, two rounds")
    parser.add_argument("--markdown", action="store_true", help="print Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    options = _options()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False  # plain float32 is float32 in convolutions, too
    device = torch.device(options.device)
    config, repeat = (
        chosen_config(quick=options.quick),
        2 if options.quick else options.repeat,
    )
    # With one thread its own time counts, which stands still while other programs run
    alone = options.threads == 1 and device.type == "cpu"
    clock = time.thread_time if alone else time.perf_counter
    least = 0.0 if options.quick else LEAST_SECONDS
    bench = Bench(config, device, repeat, least, options.compile, clock, products(device))
    inputs = [
        replace(item, batch=options.batch or item.batch)
        for item in (CUDA_INPUTS if device.type == "cuda" else CPU_INPUTS)
        if item.modality in options.modalities
    ]
    facts = describe(device)
    facts["clock"] = "the thread's own time" if alone else "wall"
    facts["model"] = "two blocks a tower (--quick)" if options.quick else "ImageBind-huge, whole"
    lines: list[Line] = []
    progress = Console(stderr=True)
    with torch.inference_mode():
        for name in TOWERS:
            chosen = [item for item in inputs if TOWER_OF[item.modality] == name]
            for line in bench.tower(name, chosen) if chosen else ():
                lines.append(line)
                progress.print("  ".join(line.cells()), highlight=False)
                if options.json:  # after each line, so that an interrupted run is not lost
                    _write(options.json, facts, lines)
    _report(facts, lines, as_markdown=options.markdown)


def _write(path: Path, facts: dict[str, str], lines: list[Line]) -> None:
    record = {"machine": facts, "lines": [asdict(line) for line in lines]}
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _report(facts: dict[str, str], lines: list[Line], *, as_markdown: bool) -> None:
    rows = [line.cells() for line in lines]
    if as_markdown:
        print(markdown(COLUMNS, rows), end="\n\n")
        print("\n".join(f"- {name}: {value}" for name, value in facts.items()))
        return
    show("Encoding", COLUMNS, rows)
    for name, value in facts.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
