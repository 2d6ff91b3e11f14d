"""Encoders reach other processes as what they were opened with, and are shared by their copies."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.golden_files import TINY, TINY_CHECKPOINT
from tests.support.planted import PlantedEncoder
from tests.support.workers import Sealed, texts_encoder

from sensorium.encoders import Encoder, registry
from sensorium.encoders.source import EncoderSource
from sensorium.errors import EncodingError, UnknownEncoderError, WeightsError
from sensorium.imagebind import ImageBind, ImageBindEncoder
from sensorium.imagebind.convert import convert
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text

LARGEST = 2000  # bytes of a pickle without weights


def again(encoder: Any) -> Any:
    return pickle.loads(pickle.dumps(encoder))


def check_same(encoder: Encoder) -> None:
    """Check that what arrives encodes alike, without weights on the way."""
    before = encoder.embed([Text("a dog")])
    assert len(pickle.dumps(encoder)) < LARGEST
    other = again(encoder)
    assert other is not encoder
    assert (other.space, other.modalities) == (encoder.space, encoder.modalities)
    assert np.array_equal(other.embed([Text("a dog")]), before)


def test_the_encoder_inside_is_made_anew() -> None:
    """With the same options, also after its towers were loaded."""
    check_same(MiniEncoder(batch_size=3))
    assert again(MiniEncoder(batch_size=3)).batch_size == 3


@pytest.fixture(scope="module", params=["file", "directory"])
def weights(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in one file, or in a directory of towers."""
    if request.param == "file":
        return TINY_CHECKPOINT
    return convert(TINY_CHECKPOINT, tmp_path_factory.mktemp("towers") / "out", config=TINY).path


def test_a_checkpoint_is_opened_by_its_path(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of any form, and from any working directory."""
    monkeypatch.chdir(weights.parent)
    options: dict[str, Any] = {
        "config": TINY,
        "modalities": ["text"],
        "device": "cpu",
        "dtype": "float32",
    }
    encoder = ImageBindEncoder.from_checkpoint(weights.name, **options, batch_size=5)
    content = pickle.dumps(encoder)
    monkeypatch.chdir("/")
    assert pickle.loads(content).batch_size == 5
    check_same(encoder)


def test_weights_in_memory_alone_stay_there() -> None:
    """They are in no pickle; the error says to save them."""
    encoder = ImageBindEncoder(ImageBind.random(TINY, modalities=["imu"], device="cpu"))
    with pytest.raises(WeightsError, match=r"save .*from_checkpoint"):
        pickle.dumps(encoder)


def test_copies_share_the_weights() -> None:
    """They never change, and may be large."""
    encoder = MiniEncoder()
    assert copy.copy(encoder) is copy.deepcopy(encoder) is encoder
    model = ImageBind.random(TINY, modalities=["imu"], device="cpu")
    assert copy.deepcopy(ImageBindEncoder(model)).model is model


def test_an_encoder_of_functions_is_pickled_with_their_names() -> None:
    """Functions of a module can be found again there."""
    check_same(texts_encoder())


class TestSource:
    """An encoder that a caller gave, or named."""

    @pytest.fixture
    def loaded(self, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
        """The options with which encoders were opened under the name "sealed"."""
        options: list[dict[str, str]] = []

        def opener(**given: str) -> Encoder:
            options.append(given)
            return Sealed()

        monkeypatch.setitem(registry._registered, "sealed", opener)
        return options

    def test_a_name_is_loaded_once_on_each_side(self, loaded: list[dict[str, str]]) -> None:
        """With its options, whether or not what is behind it can be pickled."""
        source = EncoderSource("sealed", device="cpu", dtype="float32")
        assert loaded == []
        assert source.encoder is source.encoder
        other = again(source)
        assert len(loaded) == 1
        assert other.encoder.space == source.encoder.space
        assert loaded == [{"device": "cpu", "dtype": "float32"}] * 2

    def test_an_encoder_is_pickled_in_its_own_way(self) -> None:
        """Or refused with its class and the way out."""
        assert again(EncoderSource(PlantedEncoder())).encoder.space.model == "planted"
        with pytest.raises(EncodingError, match=r"Sealed, which .*lambda.*register_encoder"):
            pickle.dumps(EncoderSource(Sealed()))

    def test_anything_else_is_refused(self) -> None:
        """At once, and not when it is needed."""
        nothing: Any = 7
        with pytest.raises(UnknownEncoderError, match="of type int"):
            EncoderSource(nothing)
