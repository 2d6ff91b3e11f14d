"""Batch norms: added behind convolutions for training, folded into them afterwards."""

from __future__ import annotations

import copy
from typing import TypeVar

from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


def with_norms(net: N, layer: type[nn.Module], norm: type[nn.Module]) -> N:
    """Give each `layer` of a network a batch norm in place of its `norm`."""
    for module in net.modules():
        if isinstance(module, layer):
            module.norm = norm(module.get_submodule("conv").out_channels)
    return net


def without_norms(net: nn.Module, layer: type[nn.Module]) -> dict[str, Tensor]:
    """Return the state of a network with every batch norm folded into its convolution."""
    net = copy.deepcopy(net).cpu().float().eval()
    for module in net.modules():
        if isinstance(module, layer):
            conv, norm = module.get_submodule("conv"), module.get_submodule("norm")
            # mypy knows only that `get_submodule` returns a Module, not that this is a convolution.
            module.conv = nn.utils.fuse_conv_bn_eval(conv, norm)  # type: ignore[type-var, arg-type]
            module.norm = nn.Identity()
    return net.state_dict()
