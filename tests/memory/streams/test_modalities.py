"""The modalities of sampled streams: samples in canonical units."""

from __future__ import annotations

import numpy as np
import pytest

from sensorium.memory.streams.modalities import SampledSound


@pytest.mark.parametrize(
    ("dtype", "values"),
    [("uint8", [128, 192, 0]), ("int16", [0, 16_384, -32_768]), ("float32", [0.0, 0.5, -1.0])],
)
def test_sound_of_any_depth_has_one_scale(dtype: str, values: list[float]) -> None:
    """Silence is 0, half of full scale 0.5, and the lowest sample -1, whatever the type."""
    sound = SampledSound(rate=16_000).admit(np.array(values, dtype))
    assert sound[:, 0].tolist() == [0.0, 0.5, -1.0]
