"""An encoder that a caller gave, or named: loaded when it is needed, here or in another process."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder
from tests.support.workers import Sealed, again

from sensorium.encoders import Encoder, registry
from sensorium.encoders.source import KEPT, EncoderSource
from sensorium.errors import EncodingError, UnknownEncoderError
from sensorium.mini import MiniEncoder


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The options with which encoders were opened under the name "sealed"."""
    options: list[dict[str, str]] = []

    def opener(**given: str) -> Encoder:
        options.append(given)
        return Sealed()

    monkeypatch.setitem(registry._registered, "sealed", opener)
    return options


def test_a_name_is_loaded_once_on_each_side(loaded: list[dict[str, str]]) -> None:
    """With its options, whether or not what is behind it can be pickled."""
    source = EncoderSource("sealed", device="cpu", dtype="float32")
    assert loaded == []
    assert source.encoder is source.encoder
    other = again(source)
    assert len(loaded) == 1
    assert other.encoder.space == source.encoder.space
    assert loaded == [{"device": "cpu", "dtype": "float32"}] * 2


def test_an_encoder_is_pickled_in_its_own_way() -> None:
    """Or refused with its class and the way out."""
    assert again(EncoderSource(PlantedEncoder())).encoder.space.model == "planted"
    with pytest.raises(EncodingError, match=r"Sealed, which .*lambda.*register_encoder"):
        pickle.dumps(EncoderSource(Sealed()))


def test_anything_else_is_refused() -> None:
    """At once, and not when it is needed."""
    nothing: Any = 7
    with pytest.raises(UnknownEncoderError, match="of type int"):
        EncoderSource(nothing)


def test_an_encoder_of_ones_own_is_made_anew() -> None:
    """Its class, or a function in it, may have changed since it came last."""
    source = EncoderSource(PlantedEncoder())
    assert again(source).encoder is not again(source).encoder


def test_what_comes_again_is_loaded_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool sends an encoder with every task: weights are not read anew for each."""
    first = again(EncoderSource(MiniEncoder())).encoder
    assert again(EncoderSource(MiniEncoder())).encoder is first
    for size in range(1, KEPT + 1):
        assert again(EncoderSource(MiniEncoder(batch_size=size))).encoder is not first
    assert again(EncoderSource(MiniEncoder())).encoder is not first  # only the last are kept
    for model in ("old", "new"):
        opener = lambda model=model, **_: PlantedEncoder(model=model)  # noqa: E731
        monkeypatch.setitem(registry._registered, "changing", opener)
        assert again(EncoderSource("changing")).encoder.space.model == model
