"""From a torch module to the file of a tower that onnxruntime runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.export import Dim

from sensorium.mini.cells import CELL
from sensorium.mini.encoder import MAPS
from sensorium.mini.inputs import WINDOW
from sensorium.mini.log_mel import FRAMES, MEL_BINS
from sensorium.mini.wordpiece import POSITIONS
from training.towers.audio_tower import AudioTower
from training.towers.files import with_packed
from training.towers.image_tower import ImageHead, ImageSizes
from training.towers.imu_tower import ImuTower
from training.towers.map_tower import MapNet
from training.towers.quantised import unpack
from training.towers.text_tower import TextTower
from training.towers.trunk import Trunk

OPSET = 18  # of ONNX; onnxruntime 1.14 and later run it
BATCH, TOKENS = Dim("batch", min=1, max=2**16), Dim("tokens", min=1, max=POSITIONS)
REGIONS, ROWS, COLUMNS = (Dim(name, min=1, max=2**10) for name in ("regions", "rows", "columns"))
SIDES = {2: CELL * ROWS, 3: CELL * COLUMNS}  # of pictures and maps
AXES = {  # beside the batch, those axes of inputs that vary
    "ids": {1: TOKENS},
    "mask": {1: TOKENS},
    "features": {1: REGIONS},
    "pictures": SIDES,
    "maps": SIDES,
}


@dataclass(frozen=True)
class Export:
    """How a tower is exported.

    Attributes:
        make: Makes the torch module.
        inputs: An example of each input, by name, of a batch of two.
        outputs: Names of the outputs.
    """

    make: Callable[[], nn.Module]
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]


def _text_inputs() -> dict[str, Tensor]:
    mask = torch.ones(2, 5, dtype=torch.bool)
    mask[1, 3:] = False
    return {"ids": torch.arange(10).view(2, 5), "mask": mask}


EXPORTS = {
    "text": Export(TextTower, _text_inputs(), ["meaning"]),
    "trunk": Export(Trunk, {"pictures": torch.zeros(2, 3, 3 * CELL, 4 * CELL)}, ["features"]),
    "image": Export(
        ImageHead, {"features": torch.ones(2, 3, ImageSizes().features)}, ["meaning", "appearance"]
    ),
    "maps": Export(MapNet, {"maps": torch.zeros(2, 1, 3 * CELL, 4 * CELL)}, [*MAPS, "appearance"]),
    "audio": Export(AudioTower, {"mels": torch.zeros(2, FRAMES, MEL_BINS)}, ["meaning"]),
    "imu": Export(ImuTower, {"motion": torch.ones(2, WINDOW, 6)}, ["meaning"]),
}


def exported(name: str, packed: Mapping[str, Tensor]) -> bytes:
    """Return the file of a tower: ONNX, with 8-bit weights.

    Args:
        name: Name of the tower, a key of `EXPORTS`.
        packed: Its weights, as `training.towers.quantised.pack` returns them.
    Raises:
        RuntimeError: The tower has other tensors.
    """
    export = EXPORTS[name]
    module = export.make()
    module.load_state_dict(unpack(packed))
    axes = {each: {0: BATCH, **AXES.get(each, {})} for each in export.inputs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of axes, and of packages that it can do without
        program = torch.onnx.export(
            module.eval(),
            kwargs=dict(export.inputs),
            dynamo=True,
            dynamic_shapes=axes,
            input_names=list(export.inputs),
            output_names=list(export.outputs),
            opset_version=OPSET,
            optimize=False,
            verbose=False,
        )
    assert program is not None
    return with_packed(program.model_proto, packed)
