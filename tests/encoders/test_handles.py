"""Encoders reach other processes as what they were opened with, and are shared by their copies."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.golden_files import TINY, TINY_CHECKPOINT
from tests.support.workers import again, texts_encoder

from sensorium.encoders import Encoder, ZeroShotClassifier
from sensorium.errors import WeightsError
from sensorium.imagebind import ImageBind, ImageBindEncoder
from sensorium.imagebind.convert import convert
from sensorium.mini import MiniEncoder
from sensorium.percepts import Text

LARGEST = 2000  # bytes of a pickle without weights


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


def test_what_holds_an_encoder_can_be_sent() -> None:
    """A classifier answers there as here."""
    classifier = ZeroShotClassifier(MiniEncoder(), ["a dog", "a river"])
    asked = [Text("a puppy barks"), Text("water flows")]
    assert again(classifier).classify(asked) == classifier.classify(asked)
