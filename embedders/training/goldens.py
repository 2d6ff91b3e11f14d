"""Write the golden vectors of the tests anew: `python -m training.goldens`.

The samples and a few texts are encoded with the towers as torch modules in place of their ONNX
files, so that the tests compare what runs with what was trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sensorium.mini import MiniEncoder
from sensorium.mini.encoder import FILES
from sensorium.mini.tower import Tower
from sensorium.percepts import Percept, Text
from sensorium.samples import sample, sample_names
from training.export import EXPORTS
from training.towers.loading import open_tower

FILE = Path(__file__).parents[2] / "tests" / "goldens" / "mini" / "vectors.npz"
TEXTS = ("a dog barks", "ein Hund bellt 狗", "x " * 900)


class TorchTower(Tower):
    """A tower as its torch module, called as the file is."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._module: nn.Module = open_tower(name, EXPORTS[name].make)

    def __call__(self, **inputs: NDArray[Any]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            out = self._module(**{key: torch.from_numpy(value) for key, value in inputs.items()})
        return [each.numpy() for each in (out if isinstance(out, tuple) else (out,))]


def main() -> None:
    encoder = MiniEncoder()
    encoder._towers = {name: TorchTower(name) for name in FILES}
    percepts: dict[str, Percept] = {f"text {index}": Text(text) for index, text in enumerate(TEXTS)}
    percepts |= {name: sample(name) for name in sample_names()}
    vectors = {name: encoder.encode([each])[0].vectors for name, each in percepts.items()}
    np.savez_compressed(FILE, **vectors)  # type: ignore[arg-type]  # its names are not typed
    print(f"{len(vectors)} percepts in {FILE}")


if __name__ == "__main__":
    main()
