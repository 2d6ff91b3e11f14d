"""Building one tower from a checkpoint, tensor by tensor."""

from __future__ import annotations

import torch
from torch import nn

from sensorium.imagebind.checkpoint import Checkpoint
from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.linear import Linear
from sensorium.imagebind.parameter_names import origin
from sensorium.imagebind.tower import Tower


def load_tower(
    checkpoint: Checkpoint,
    config: ImageBindConfig,
    name: str,
    *,
    device: torch.device,
    dtype: torch.dtype,
    packed: bool,
    int8: bool = False,
) -> Tower:
    """Build the tower `name` with the checkpoint's weights.

    Args:
        checkpoint: A checkpoint whose keys were checked.
        config: Sizes of the model.
        name: Name of the tower, one of `TOWERS`.
        device: Device of the tower.
        dtype: Dtype of every parameter but the logit scale, which stays float32.
        packed: Pack linear weights for the CPU's kernels (see `Linear.pack`), each as soon as it
            is read, so that memory never holds more than the tower and one layer. Without packing,
            float32 weights on the CPU stay memory-mapped.
        int8: Pack the linear weights of the blocks as 8-bit integers. The head stays as it is: it
            has one row an item, and its error would be that of the vector.
    """
    with torch.device("meta"):
        tower = Tower(config, name)
    for path, module in tower.named_modules():
        for leaf, parameter in list(module.named_parameters(recurse=False)):
            source = origin(name, f"{path}.{leaf}" if path else leaf)
            kind = torch.float32 if leaf == "log_logit_scale" else dtype
            # What is not packed is copied: a single bias kept as a view would keep the mapping.
            keep = packed and not (isinstance(module, Linear) and leaf == "weight")
            tensor = source.cut(checkpoint.get(source.name)).to(device, kind, copy=keep)
            setattr(module, leaf, nn.Parameter(tensor.reshape(parameter.shape), False))
            del tensor
        if int8 and isinstance(module, Linear) and path.startswith("blocks."):
            module.round_to_int8()
        elif packed and isinstance(module, Linear):
            module.pack()
    return tower.eval()
