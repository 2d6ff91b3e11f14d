"""Pictures by the real classes of a StableUnCLIP pipeline, with tiny random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tests.support import tiny_models

from sensorium.decoders import imagine
from sensorium.decoders.unclip import StableUnCLIPDecoder
from sensorium.encoders import FunctionEncoder
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointNotFoundError,
    EncodingError,
    LicenceNotAcceptedError,
    SpaceMismatchError,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.save_unclip(tmp_path_factory.mktemp("unclip") / "pipeline")


def encoder_of(folder: Path, *, turned: float = 0) -> FunctionEncoder:
    """An encoder whose image tower is the pipeline's, as ImageBind's is ViT-H."""
    tower = transformers.CLIPVisionModelWithProjection.from_pretrained(
        str(folder / "image_encoder")
    )
    seeing = transformers.models.clip.image_processing_pil_clip.CLIPImageProcessorPil
    prepared = seeing.from_pretrained(str(folder / "feature_extractor"))
    aside = np.random.default_rng(0).normal(size=tiny_models.UNCLIP)

    def see(pictures: Sequence[Any]) -> Any:
        given = prepared(images=[each.picture() for each in pictures], return_tensors="pt")
        with torch.inference_mode():
            return tower(given.pixel_values).image_embeds.numpy() + turned * aside

    def read(texts: Sequence[Any]) -> Any:
        return [np.roll(aside, len(each.text)) for each in texts]

    towers = {"image": see, "text": read}
    return FunctionEncoder("bound", towers, dimension=tiny_models.UNCLIP)


def opened(folder: Path, encoder: FunctionEncoder, **options: Any) -> StableUnCLIPDecoder:
    return StableUnCLIPDecoder(
        folder,
        encoder=encoder,
        accept_licence=True,
        device="cpu",
        dtype="float32",
        steps=2,
        **options,
    )


@pytest.mark.slow
def test_vectors_of_any_modality_become_pictures(folder: Path) -> None:
    """The same vector gives the same picture, another vector or seed another one."""
    encoder = encoder_of(folder)
    decoder = opened(folder, encoder)
    rain, again, sea = (
        np.asarray(imagine(words, decoder=decoder, encoder=encoder).picture())  # type: ignore[attr-defined]  # an image
        for words in ("rain", "rain", ["rain", "the sea"])
    )
    assert rain.shape == (16, 16, 3)
    assert np.array_equal(rain, again)
    assert not np.array_equal(rain, sea)
    other = imagine("rain", decoder=opened(folder, encoder, seed=1), encoder=encoder)
    assert not np.array_equal(rain, np.asarray(other.picture()))  # type: ignore[attr-defined]  # an image


def test_a_vector_has_the_length_that_the_pipeline_learned(folder: Path) -> None:
    """The length is that of its own means and deviations, so it does not depend on the caller's."""
    encoder = encoder_of(folder)
    decoder = opened(folder, encoder)
    given: list[torch.Tensor] = []
    pipeline = decoder._pipeline
    decoder._pipeline = Recording(pipeline, given)
    decoder.decode(np.eye(1, tiny_models.UNCLIP, dtype=np.float32)[0])
    assert float(torch.linalg.vector_norm(given[0])) == pytest.approx(tiny_models.UNCLIP**0.5)


class Recording:
    """A pipeline that notes the vectors that it is given."""

    def __init__(self, pipeline: Any, given: list[torch.Tensor]) -> None:
        self._pipeline, self._given = pipeline, given

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def __call__(self, *, image_embeds: torch.Tensor, **options: Any) -> Any:
        self._given.append(image_embeds)
        return self._pipeline(image_embeds=image_embeds, **options)


def test_an_encoder_of_another_space_is_refused(folder: Path) -> None:
    """The two vectors of one picture are compared, not names; no image, no comparison."""
    with pytest.raises(SpaceMismatchError, match=r"bound@.* have the cosine 0\.\d\d|-0"):
        opened(folder, encoder_of(folder, turned=30))
    small = FunctionEncoder("small", {"image": lambda seen: [[1.0, 0] for _ in seen]}, dimension=2)
    with pytest.raises(SpaceMismatchError, match=r"16 numbers"):
        opened(folder, small)
    with pytest.raises(EncodingError, match="without images"):
        opened(folder, FunctionEncoder("words", {"text": lambda _: []}, dimension=16))


def test_the_licence_is_shown_before_anything_is_opened(folder: Path, tmp_path: Path) -> None:
    """The card's licence is in the message and on the decoder; a missing card is said."""
    encoder = encoder_of(folder)
    with pytest.raises(LicenceNotAcceptedError, match=r"under openrail\+\+; .*accept_licence=True"):
        StableUnCLIPDecoder(folder, encoder=encoder)
    assert "licence='openrail++'" in repr(opened(folder, encoder))
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableUnCLIPImg2ImgPipeline"}')
    with pytest.raises(LicenceNotAcceptedError, match="no card"):
        StableUnCLIPDecoder(tmp_path, encoder=encoder)


def test_what_is_no_pipeline_is_refused(folder: Path, tmp_path: Path) -> None:
    """An empty folder, a name that was not downloaded, an index without its parts."""
    encoder = encoder_of(folder)
    with pytest.raises(CheckpointFormatError, match=r"model_index\.json"):
        opened(tmp_path, encoder)
    with pytest.raises(CheckpointNotFoundError, match="hf download maker/pictures"):
        opened(Path("maker/pictures"), encoder)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableUnCLIPImg2ImgPipeline"}')
    with pytest.raises(CheckpointFormatError, match="cannot be opened"):
        opened(tmp_path, encoder)
