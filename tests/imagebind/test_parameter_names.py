"""Every parameter has its name in the released checkpoint."""

from __future__ import annotations

from safetensors.torch import load_file
from tests.support.golden_files import TINY, TINY_CHECKPOINT

from sensorium.imagebind.config import TOWERS
from sensorium.imagebind.parameter_names import expected_shapes

WEIGHTS = load_file(TINY_CHECKPOINT)


def test_every_golden_key_is_a_parameter_of_ours() -> None:
    """The names and shapes we expect are exactly the reference's, no more and no fewer."""
    expected = {k: s for tower in TOWERS for k, s in expected_shapes(TINY, tower).items()}
    assert expected == {key: tuple(tensor.shape) for key, tensor in WEIGHTS.items()}
