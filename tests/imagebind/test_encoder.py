"""`ImageBindEncoder`: mixed batches, order, windows, and errors that fail alone."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from tests.support.forking import in_child
from tests.support.golden_files import GOLDENS, TINY, TINY_CHECKPOINT
from torch import Tensor

from sensorium.encoders import Encoder, Encoding
from sensorium.encoders.encoder import Vectors
from sensorium.errors import (
    BatchError,
    EncodingError,
    MediaDecodeError,
    PerceptTooShortError,
    SourceTypeError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.imagebind import ImageBind, ImageBindEncoder, Profile
from sensorium.imagebind.checkpoint import InMemory
from sensorium.imagebind.model import random_weights
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video

SEED = np.random.default_rng(7)


def sound(seconds: float) -> Audio:
    return Audio(SEED.normal(0, 0.1, int(seconds * 16_000)).astype(np.float32), rate=16_000)


def motion(seconds: float) -> IMU:
    samples = SEED.normal(0, 1, (int(seconds * 50), 6))
    return IMU(samples, rate=50, accel="m/s^2", gyro="rad/s")


def everything() -> list[Percept]:
    """Each sense more than once, long and short, shuffled together."""
    noise = SEED.integers(0, 256, (40, 60, 3), np.uint8)
    return [
        Text("a dog"),
        sound(5.0),
        Image(noise),
        motion(25.0),
        Text("A much longer sentence about a dog that barks at the waves of the sea."),
        Depth(SEED.uniform(1, 5, (40, 60)), unit="m", fx=50.0),
        Video(SEED.integers(0, 256, (50, 32, 32, 3), np.uint8), fps=10),
        Thermal(SEED.uniform(10, 40, (40, 60)), unit="celsius"),
        sound(0.5),
        Text("cat " * 200),
        Image(noise[:, ::-1]),
        motion(3.0),
        Text(""),
    ]


def test_it_is_an_encoder(encoder: ImageBindEncoder) -> None:
    """It has what the protocol names, and says what it can encode."""
    assert isinstance(encoder, Encoder)
    assert encoder.modalities == {"text", "image", "video", "audio", "depth", "thermal", "imu"}


@pytest.mark.slow
def test_an_item_alone_equals_itself_in_any_batch(encoder: ImageBindEncoder) -> None:
    """Batch mates, order and batch size change no vector by more than 1e-5."""
    percepts = everything()
    together = encoder.encode(percepts)
    backwards = encoder.encode(percepts[::-1])[::-1]
    by_three = ImageBindEncoder(encoder.model, batch_size=3).encode(percepts)
    for percept, *results in zip(percepts, together, backwards, by_three, strict=True):
        alone = encoder.encode([percept])[0]
        for result in results:
            assert result.modality == percept.modality
            assert result.spans == alone.spans
            np.testing.assert_allclose(result.vectors, alone.vectors, rtol=0, atol=1e-5)


def test_vectors_are_unit_float32_and_read_only(encoder: ImageBindEncoder) -> None:
    """Every row has length one; nobody can write into a result."""
    for encoding in encoder.encode(everything()):
        assert encoding.vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(encoding.vectors, axis=1), 1, atol=1e-6)
        with pytest.raises(ValueError, match="read-only"):
            encoding.vectors[0, 0] = 0


def test_long_percepts_keep_their_windows(encoder: ImageBindEncoder) -> None:
    """Window counts and spans are those of the recordings."""
    encodings = encoder.encode([sound(5.0), motion(25.0), Image(np.zeros((8, 8, 3), np.uint8))])
    assert [len(e.vectors) for e in encodings] == [3, 3, 1]
    assert [(s.start, s.end) for s in encodings[0].spans] == [(0, 2), (2, 4), (3, 5)]
    assert encodings[1].spans[0].start == 0
    assert encodings[1].spans[-1].end == pytest.approx(25, abs=0.05)
    assert encodings[2].spans == ()


def test_a_texts_window_is_that_text(encoder: ImageBindEncoder) -> None:
    """The vector of a window equals that of the substring its span names."""
    text = " ".join(f"sentence {n} tells of the sea." for n in range(40))
    [whole] = encoder.encode([Text(text)])
    assert len(whole.spans) > 1
    parts = encoder.embed([Text(text[int(s.start) : int(s.end)]) for s in whole.spans])
    np.testing.assert_allclose(whole.vectors, parts, rtol=0, atol=1e-5)


def test_embed_pools_to_unit_vectors(encoder: ImageBindEncoder) -> None:
    """A row is the normalised mean of its percept's windows."""
    percepts = everything()
    pooled = encoder.embed(percepts)
    assert pooled.shape == (len(percepts), TINY.embedding)
    for row, encoding in zip(pooled, encoder.encode(percepts), strict=True):
        mean = encoding.vectors.mean(axis=0)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), rtol=0, atol=1e-5)


def test_an_empty_batch_gives_an_empty_result(encoder: ImageBindEncoder) -> None:
    """No percepts: no encodings, and (0, D)."""
    assert encoder.encode([]) == []
    assert encoder.embed([]).shape == (0, TINY.embedding)


def bad_batch() -> list[Percept]:
    return [
        Text("fine"),
        Audio(np.full(100, 0.1, np.float32), rate=16_000),
        Image(np.zeros((9, 9, 3), np.uint8)),
        Image((GOLDENS / "media" / "wide.png").read_bytes()[:200_000]),
        Text("also fine"),
    ]


def test_a_bad_percept_fails_alone(encoder: ImageBindEncoder) -> None:
    """The error names each index and keeps the others' encodings."""
    with pytest.raises(BatchError, match="5 in which 2 failed; first, percept 1") as caught:
        encoder.encode(bad_batch())
    failures = caught.value.failures
    assert list(failures) == [1, 3]
    assert isinstance(failures[1], PerceptTooShortError)
    assert isinstance(failures[3], MediaDecodeError)
    kept = [result is not None for result in caught.value.results]
    assert kept == [True, False, True, False, True]


def test_try_encode_does_not_raise(encoder: ImageBindEncoder) -> None:
    """Errors stand where their percepts stood; the others are as if encoded alone."""
    results = encoder.try_encode(bad_batch())
    assert [isinstance(result, Encoding) for result in results] == [True, False, True, False, True]
    fine = results[0]
    assert isinstance(fine, Encoding)
    np.testing.assert_allclose(fine.pooled, encoder.embed([Text("fine")])[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("batch", ["a dog", Text("a dog"), ["a dog"], [Text("x"), b"y"], None])
def test_only_percepts_are_encoded(encoder: ImageBindEncoder, batch: Sequence[Percept]) -> None:
    """Strings and bytes are refused: their sense is not known."""
    with pytest.raises(SourceTypeError, match=r"Text|percept"):
        encoder.encode(batch)


def test_a_modality_that_was_not_opened_fails_alone() -> None:
    """An IMU-only encoder embeds IMU and names what it cannot."""
    model = ImageBind.from_checkpoint(
        TINY_CHECKPOINT, config=TINY, modalities=["imu"], device="cpu", dtype="float32"
    )
    felt, read = ImageBindEncoder(model).try_encode([motion(2.0), Text("x")])
    assert isinstance(felt, Encoding)
    assert isinstance(read, UnsupportedModalityError)
    assert "'text'" in str(read)


def test_the_space_names_weights_and_preprocessing(encoder: ImageBindEncoder) -> None:
    """Equal weights and choices are one space; other weights or choices are another."""
    same = ImageBind.from_checkpoint(TINY_CHECKPOINT, config=TINY, device="cpu", modalities=["imu"])
    assert ImageBindEncoder(same, name="imagebind-tiny").space == encoder.space
    other = ImageBind.random(TINY, seed=1, device="cpu")
    assert ImageBindEncoder(other, name="imagebind-tiny").space != encoder.space
    cut = ImageBindEncoder(encoder.model, name="imagebind-tiny", profile=Profile(text="cut"))
    assert cut.space != encoder.space
    assert encoder.space.dimension == TINY.embedding
    assert encoder.space.id.startswith("imagebind-tiny@")


def test_profiles_reach_the_towers(encoder: ImageBindEncoder) -> None:
    """`paper3` hears three windows of a long sound, `cut` reads one of a long text."""
    profile = Profile(text="cut", audio="paper3", video_crops=3)
    parity = ImageBindEncoder(encoder.model, profile=profile)
    heard, read = parity.encode([sound(20.0), Text("cat " * 200)])
    assert len(heard.vectors) == 3
    assert len(read.vectors) == 1


def test_a_tower_first_used_by_the_encoder_can_still_be_trained() -> None:
    """Embedding runs without gradients; the tower it loaded takes them afterwards."""
    model = ImageBind.random(TINY, modalities=["imu"], device="cpu", dtype="float32", packed=False)
    ImageBindEncoder(model).embed([motion(2.0)])
    tower = model.tower("imu").requires_grad_()
    tower(torch.zeros(1, 6, 2000)).sum().backward()
    assert any(parameter.grad is not None for parameter in tower.parameters())


@pytest.mark.parametrize(
    "choice", [{"audio": "papr3"}, {"video_crops": 2}, {"video_crops": True}, {"imu": "x"}]
)
def test_profiles_have_only_their_choices(choice: dict[str, object]) -> None:
    """A misspelt choice would name a space that does not exist."""
    with pytest.raises(EncodingError, match=next(iter(choice))):
        Profile(**choice)  # type: ignore[arg-type]


def test_one_hostile_text_fails_nobody(encoder: ImageBindEncoder) -> None:
    """Control characters and mojibake of any length are embedded like any text."""
    texts = [Text("\x85 " * 100), Text("Ã© " * 300), Text("dog\x85 " * 200), Text("\u3000" * 999)]
    assert encoder.embed(texts).shape == (4, TINY.embedding)


def test_a_tower_that_overflows_is_an_error_not_a_vector() -> None:
    """Weights that give NaN fail the percept; no vector without a direction is returned."""
    weights = random_weights(TINY, ["imu"], seed=0)
    weights["modality_heads.imu.3.weight"] *= 0
    model = ImageBind(InMemory(weights), config=TINY, modalities=["imu"], device="cpu")
    [result] = ImageBindEncoder(model).try_encode([motion(2.0)])
    assert isinstance(result, VectorError)
    assert "length 0.0" in str(result)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))])
def test_copies_of_encodings_are_read_only(encoder: ImageBindEncoder, copied: Any) -> None:
    """An encoding can go to another process and stays what it was."""
    [original] = encoder.encode([sound(5.0)])
    again = copied(original)
    assert (again.modality, again.spans) == (original.modality, original.spans)
    assert np.array_equal(again.vectors, original.vectors)
    assert not again.vectors.flags.writeable


def test_an_unknown_compile_mode_is_refused_at_opening() -> None:
    """Not hours later, at the first batch."""
    with pytest.raises(EncodingError, match="fast"):
        ImageBind.random(TINY, modalities=["imu"], device="cpu", compiled="fast")


@pytest.mark.slow
def test_a_forked_child_encodes_with_the_towers_of_its_parent() -> None:
    """Also if threads of its parent were opening them, or reading the weights' digest."""
    model = ImageBind.random(TINY, device="cpu", dtype="float32")
    encoder = ImageBindEncoder(model, name="imagebind-tiny")
    percepts = [Text("a dog"), sound(2.5), motion(3)]
    there = in_child(lambda: (encoder.space.id, encoder.embed(percepts)))
    assert there[0] == encoder.space.id
    np.testing.assert_allclose(there[1], encoder.embed(percepts), atol=1e-5)


class Recording(ImageBindEncoder):
    """Keeps the number of texts in each forward pass, and their longest."""

    passes: list[tuple[int, int]]

    def forward(self, modalities: Sequence[str], inputs: Sequence[Tensor]) -> Vectors:
        self.passes.append((len(inputs), 1 + max(int(each.argmax()) for each in inputs)))
        return super().forward(modalities, inputs)


def test_short_texts_go_through_the_tower_together(encoder: ImageBindEncoder) -> None:
    """Weights are read once for as many texts as make the tokens of a batch of long ones."""
    recording = Recording(encoder.model, batch_size=4)
    recording.passes = []
    short, long = [Text(f"dog {n}") for n in range(60)], [Text("dog " * 75)] * 5
    vectors = recording.embed(long[:3] + short + long[3:])
    assert [tokens for _, tokens in recording.passes] == [5, 77, 77]
    assert recording.passes[0] == (60, 5)  # start, "dog", two digits, end
    assert sum(count for count, _ in recording.passes) == len(short) + len(long)
    assert all(count * tokens <= 4 * 77 for count, tokens in recording.passes)
    np.testing.assert_allclose(vectors[3:63], encoder.embed(short), rtol=0, atol=1e-5)
