"""A linear layer that can keep its weight in the layout the CPU's matrix kernels want."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sensorium.imagebind.int8 import Int8Weight

PACK_ROWS = 256  # rows of inputs that the packed layout is tuned for; any number works


class Linear(nn.Linear):
    """`nn.Linear` with an optional GELU, and two optional one-way packings for CPU inference.

    oneDNN reorders a plain weight into blocks on every call, which costs as much as the product
    itself when there are few rows (a batch of short texts). `pack` does it once; the GELU then
    also runs inside the matrix kernel while its output is in cache. `round_to_int8` packs 8-bit
    integers in its place.
    """

    packed: Tensor | None = None
    int8: Int8Weight | None = None

    def forward(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """Map `(..., in)` to `(..., out)`, then apply the exact (erf) GELU if asked."""
        if self.int8 is not None:
            return self.int8.multiply(x, self.bias, gelu=gelu)
        if self.packed is None:
            y = F.linear(x, self.weight, self.bias)  # (..., out)
            return F.gelu(y) if gelu else y
        activation = "gelu" if gelu else "none"
        fused: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self.packed, self.bias, activation, [], "none"
        )  # (..., out)
        return fused

    def pack(self) -> None:
        """Replace the weight by its packed form, where torch can; it then takes no gradients."""
        if not can_pack(self.weight):
            return
        self.packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach(), PACK_ROWS)
        self._drop_weight()

    def round_to_int8(self) -> None:
        """Replace the weight by 8-bit integers; `check_int8` says where they can be multiplied."""
        self.int8 = Int8Weight(self.weight)
        self._drop_weight()

    def _drop_weight(self) -> None:
        self.weight = nn.Parameter(self.weight.new_empty(0), requires_grad=False)


def can_pack(weight: Tensor) -> bool:
    """Return whether this build of torch packs weights of that device and dtype."""
    return (
        weight.device.type == "cpu"
        and weight.dtype in (torch.float32, torch.bfloat16)
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # torch's own
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )
