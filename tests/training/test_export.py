"""The towers in the package compute what their torch modules compute, with the same weights."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save

from sensorium.mini.cells import CELL
from sensorium.mini.inputs import WINDOW
from sensorium.mini.log_mel import FRAMES, MEL_BINS
from sensorium.mini.manifest import DIRECTORY, manifest
from sensorium.mini.tower import Tower
from training.export import EXPORTS, exported
from training.towers.files import read_packed
from training.towers.imu_tower import ImuTower
from training.towers.loading import open_tower
from training.towers.quantised import pack

RANDOM = np.random.default_rng(3)


def content(name: str) -> bytes:
    return (DIRECTORY / manifest().files[name].file).read_bytes()


def inputs(name: str, count: int) -> dict[str, NDArray[Any]]:
    """Random inputs of a tower, other than those it was exported with."""
    if name == "text":
        mask = np.arange(9) < RANDOM.integers(1, 10, count)[:, None]
        return {"ids": RANDOM.integers(0, 30_000, (count, 9)), "mask": mask}
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "trunk": ("pictures", (3, 2 * CELL, 5 * CELL)),
        "image": ("features", (4, 1280)),
        "maps": ("maps", (1, 5 * CELL, 2 * CELL)),
        "audio": ("mels", (FRAMES, MEL_BINS)),
        "imu": ("motion", (WINDOW, 6)),
    }
    key, shape = shapes[name]
    values = RANDOM.normal(size=(count, *shape)).astype(np.float32)
    return {key: np.abs(values) if name in ("image", "maps") else values}


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_equals_its_torch_module(name: str) -> None:
    """Of whatever batch, to 1e-5 of a unit vector; the trunk's features go up to 6."""
    module, tower = open_tower(name, EXPORTS[name].make), Tower(name)
    for count in (1, 3):
        given = inputs(name, count)
        with torch.inference_mode():
            wanted = module(**{key: torch.from_numpy(value) for key, value in given.items()})
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        for ours, theirs in zip(tower(**given), wanted, strict=True):
            tolerance = 6e-5 if name == "trunk" else 1e-5
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_file_has_the_weights_that_name_the_space(name: str) -> None:
    """Their digest does not depend on the form of the file, and no place of a machine is in it."""
    packed = read_packed(content(name))
    assert hashlib.sha256(save(packed)).hexdigest() == manifest().files[name].weights
    assert not [
        place for place in (b"/work", b"/tmp/", b"/home/", b".py") if place in content(name)
    ]


@pytest.mark.slow
def test_a_module_is_exported_with_the_weights_it_has() -> None:
    """And the file is the same each time, on which its digest depends."""
    torch.manual_seed(0)
    packed = pack(ImuTower().state_dict())
    first = exported("imu", packed)
    assert read_packed(first).keys() == packed.keys()
    for name, value in read_packed(first).items():
        assert torch.equal(value, packed[name])
    assert exported("imu", packed) == first
