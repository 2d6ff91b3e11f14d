"""A tower gives way to another encoder: another space, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sensorium.encoders import FunctionEncoder
from sensorium.encoders.replaced import ReplacedEncoder
from sensorium.errors import UnsupportedModalityError, VectorError
from sensorium.imagebind import ImageBind, ImageBindConfig, ImageBindEncoder
from sensorium.percepts import Image, Text

RANDOM = np.random.default_rng(0)
PICTURES = [Image(RANDOM.integers(0, 255, (8, 8, 3), np.uint8)) for _ in range(40)]


def tiny(seed: int, *modalities: str) -> ImageBindEncoder:
    return ImageBindEncoder(
        ImageBind.random(
            ImageBindConfig.tiny(), seed=seed, modalities=modalities, device="cpu", dtype="float32"
        )
    )


def test_another_image_tower_is_another_space_with_the_same_other_senses() -> None:
    """Pictures are the new tower's, bit for bit; words are the old one's; video has its tower."""
    host, better = tiny(0, "text", "image", "video"), tiny(1, "image")
    made = host.replace_tower("image", better)
    batch = [Text("a dog"), PICTURES[0], Text("the sea"), PICTURES[1]]
    vectors = made.embed(batch)
    assert np.array_equal(vectors[[0, 2]], host.embed([batch[0], batch[2]]))
    assert np.array_equal(vectors[[1, 3]], better.embed(PICTURES[:2]))
    assert np.array_equal(made.embed_questions(batch), vectors)
    assert not made.space.agrees(host.space)
    assert made.space != host.replace_tower("image", tiny(2, "image")).space
    assert made.space == tiny(0, "text", "image", "video").replace_tower("image", better).space
    assert made.modalities == host.modalities
    assert made.hosted == {"text", "video"}


def test_image_and_video_are_replaced_together() -> None:
    """They share a tower; a new one that has both takes both."""
    host, better = tiny(0, "text", "image", "video"), tiny(1, "image", "video")
    assert host.replace_tower("image", better).hosted == {"text"}


def pixels(pictures: Sequence[Any]) -> Any:
    return [np.asarray(each.picture(), np.float32).reshape(-1) - 127 for each in pictures]


def turned(pictures: Sequence[Any]) -> Any:
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(192, 192)))[0]
    return np.asarray(pixels(pictures)) @ turn


def test_examples_map_a_tower_of_another_space() -> None:
    """The planted answer: the other tower is a turned copy, and the map turns it back."""
    host = FunctionEncoder("host", {"image": pixels}, dimension=192)
    other = FunctionEncoder("turned", {"image": turned}, dimension=192)
    many = [Image(RANDOM.integers(0, 255, (8, 8, 3), np.uint8)) for _ in range(2000)]
    plain = ReplacedEncoder(host, {"image"}, other)
    mapped = ReplacedEncoder(host, {"image"}, other, examples=many)
    wanted = host.embed(PICTURES)
    assert (plain.embed(PICTURES) * wanted).sum(axis=1).max() < 0.5
    assert (mapped.embed(PICTURES) * wanted).sum(axis=1).min() > 0.98
    assert mapped.space != plain.space


def test_what_cannot_be_replaced_is_refused() -> None:
    """A modality that one lacks, another dimension without examples, examples of something else."""
    host = tiny(0, "text", "image")
    with pytest.raises(UnsupportedModalityError, match="a tower of audio for 'imagebind'"):
        host.replace_tower("audio", tiny(1, "audio"))
    with pytest.raises(UnsupportedModalityError, match="a tower of image"):
        host.replace_tower("image", tiny(1, "imu"))
    wide = FunctionEncoder("wide", {"image": pixels}, dimension=192)
    with pytest.raises(VectorError, match=r"examples=\[\.\.\.\]"):
        host.replace_tower("image", wide)
    with pytest.raises(UnsupportedModalityError, match="examples of text"):
        host.replace_tower("image", wide, examples=[Text("a dog")])
