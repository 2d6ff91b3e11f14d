"""An encoder that only knows its space."""

from __future__ import annotations

import pytest
from tests.support.colours import ColourEncoder, swatch

from sensorium.encoders import Encoder
from sensorium.encoders.placeholder import NoEncoder
from sensorium.errors import BatchError, EncodingError
from sensorium.percepts import Text


def test_it_has_the_space_of_another_and_encodes_nothing() -> None:
    """Each percept gets an error that names the encoder it needs; no percepts give no rows."""
    true = ColourEncoder()
    encoder = NoEncoder(true.space, ["text", "image"])
    assert isinstance(encoder, Encoder)
    assert (encoder.space, encoder.modalities) == (true.space, true.modalities)
    results = encoder.try_encode([Text("red"), swatch(1, 2, 3)])
    assert [type(result) for result in results] == [EncodingError, EncodingError]
    with pytest.raises(BatchError, match="needed the encoder 'colours'"):
        encoder.embed([Text("red")])
    assert encoder.embed([]).shape == (0, 3)
