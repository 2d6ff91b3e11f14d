"""`dtype="int8"`: how exact it is, whom it depends on, and where it is refused."""

from __future__ import annotations

import pickle

import pytest
import torch
from safetensors.torch import load_file
from tests.support.golden_files import TINY, TINY_CHECKPOINT, opened
from torch.nn import functional as F

from sensorium.encoders.placement import resolve_dtype
from sensorium.errors import EncodingError
from sensorium.imagebind import ImageBind, ImageBindEncoder, int8
from sensorium.imagebind.int8 import LARGEST, Int8Weight, check_int8
from sensorium.imagebind.linear import Linear

CPU = torch.device("cpu")
WEIGHTS = load_file(TINY_CHECKPOINT)
INPUTS = {
    "text": torch.tensor([[49406, 320, 1929, 49407], [49406, 518, 49407, 0]]),
    "image": torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(1)),
    "audio": torch.randn(2, 1, 128, 204, generator=torch.Generator().manual_seed(2)),
    "depth": torch.randn(2, 1, 224, 224, generator=torch.Generator().manual_seed(3)),
    "thermal": torch.randn(2, 1, 224, 224, generator=torch.Generator().manual_seed(4)),
    "imu": torch.randn(2, 6, 2000, generator=torch.Generator().manual_seed(5)),
}


def can_run() -> bool:
    try:
        check_int8(CPU, packed=True, compiled=None)
    except EncodingError:
        return False
    return True


runs_here = pytest.mark.skipif(not can_run(), reason="this machine does not multiply int8")


@runs_here
def test_integers_are_multiplied_exactly() -> None:
    """Whole numbers up to 127 need no rounding: the product is that of the integers."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randint(-126, 127, (40, 64), generator=generator).float()
    rows = torch.randint(-126, 127, (300, 64), generator=generator).float()
    weight[:, 0], rows[:, 0] = LARGEST, -LARGEST  # the scales are 1
    bias = torch.arange(40.0)
    got = Int8Weight(weight).multiply(rows, bias)
    torch.testing.assert_close(got, rows @ weight.T + bias, rtol=1e-6, atol=0.02)


@runs_here
def test_a_row_keeps_its_own_scale() -> None:
    """A row a million times larger takes nothing from the others, nor does a row of zeros."""
    generator = torch.Generator().manual_seed(0)
    weight, rows = torch.randn(32, 64, generator=generator), torch.randn(3, 64, generator=generator)
    rows[1] = rows[0] * 1e6
    rows[2] = 0
    got = Int8Weight(weight).multiply(rows, None)
    torch.testing.assert_close(got[1], got[0] * 1e6)
    assert F.cosine_similarity(got[0], weight @ rows[0], dim=0) > 0.999
    assert not got[2].any()


@runs_here
def test_what_is_not_finite_stays_so() -> None:
    """NaN and infinity become no innocent number."""
    rows = torch.ones(3, 64)
    rows[0, 3], rows[1, 3] = float("nan"), float("inf")
    got = Int8Weight(torch.ones(8, 64)).multiply(rows, None)
    assert not got[:2].isfinite().any()
    torch.testing.assert_close(got[2], torch.full((8,), 64.0))


@runs_here
@pytest.mark.parametrize("modality", INPUTS)
def test_towers_point_where_float32_does(modality: str) -> None:
    """Every tower's vectors have a cosine of 0.99 and more; its blocks alone are rounded."""
    exact, rounded = (opened(WEIGHTS, dtype=dtype) for dtype in ("float32", "int8"))
    vectors = rounded.forward(modality, INPUTS[modality])
    assert F.cosine_similarity(vectors, exact.forward(modality, INPUTS[modality])).min() > 0.99
    layers = {n: m for n, m in rounded.tower(modality).named_modules() if isinstance(m, Linear)}
    assert [name for name, layer in layers.items() if layer.int8 is None] == ["head"]
    assert vectors.dtype == rounded.dtype == torch.float32


@runs_here
@pytest.mark.parametrize("modality", INPUTS)
def test_a_vector_does_not_depend_on_its_batch(modality: str) -> None:
    """An item alone, and beside one whose numbers are a hundred times larger."""
    model = opened(WEIGHTS, dtype="int8")
    inputs = INPUTS[modality]
    loud = inputs if modality == "text" else torch.stack([inputs[0], inputs[1] * 100])
    alone = model.forward(modality, inputs[:1])
    torch.testing.assert_close(model.forward(modality, loud)[:1], alone, rtol=0, atol=1e-6)


@runs_here
def test_its_space_is_its_own() -> None:
    """No memory mixes vectors of int8 towers with those of float towers, which are one space."""
    spaces = {
        dtype: ImageBindEncoder(opened(WEIGHTS, dtype=dtype)).space
        for dtype in ("float32", "bfloat16", "int8")
    }
    assert spaces["float32"].agrees(spaces["bfloat16"])
    assert not spaces["float32"].agrees(spaces["int8"])
    assert "int8" in spaces["int8"].id


@runs_here
def test_a_copy_in_another_process_is_int8_too() -> None:
    """What is pickled is opened anew in the same precision."""
    model = ImageBind.from_checkpoint(TINY_CHECKPOINT, config=TINY, device="cpu", dtype="int8")
    assert pickle.loads(pickle.dumps(model)).int8


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"packed": False}, "packed=False"), ({"compiled": "default"}, "compiled='default'")],
)
def test_options_that_exclude_it_are_named(options: dict[str, object], reason: str) -> None:
    """It is refused at opening, with what to do."""
    with pytest.raises(EncodingError, match=rf"int8.*{reason}.*dtype=\"auto\""):
        opened(WEIGHTS, dtype="int8", **options)
    with pytest.raises(EncodingError, match="meta"):
        check_int8(torch.device("meta"), packed=True, compiled=None)


@pytest.mark.parametrize("lack", ["wrong", "slow", "absent"])
def test_a_processor_that_cannot_is_refused(monkeypatch: pytest.MonkeyPatch, lack: str) -> None:
    """Sums that overflow, a way round that is slow, and a torch without these products."""

    class Lacking:
        def __init__(self, weight: torch.Tensor) -> None:
            if lack == "absent":
                raise AttributeError("'_OpNamespace' 'onednn' object has no attribute")
            self.weight = weight

        def multiply(self, x: torch.Tensor, bias: None) -> torch.Tensor:
            for _ in range(2000 if lack == "slow" else 1):
                product = x @ self.weight.T
            return product / 2 if lack == "wrong" else product

    said = {"wrong": "overflow", "slow": "slower", "absent": "no such products"}[lack]
    monkeypatch.setattr(int8, "Int8Weight", Lacking)
    monkeypatch.setattr(int8, "_lack", int8._lack.__wrapped__)
    with pytest.raises(EncodingError, match=rf"{said}.*VNNI.*dtype=\"auto\""):
        opened(WEIGHTS, dtype="int8")


def test_other_models_have_no_int8() -> None:
    """It is a choice of ImageBind's towers, not one that every encoder would have."""
    with pytest.raises(EncodingError, match="int8"):
        resolve_dtype("int8", CPU)
