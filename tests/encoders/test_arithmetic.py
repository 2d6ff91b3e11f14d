"""Arithmetic, the registry, and naming with no or few examples."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from sensorium.encoders import (
    EmbeddingSpace,
    Encoder,
    EncoderBase,
    Encoding,
    FewShotProbe,
    ZeroShotClassifier,
    combine,
    encoder_names,
    load_encoder,
    register_encoder,
)
from sensorium.encoders.placement import resolve_device, resolve_dtype
from sensorium.errors import (
    BatchError,
    CheckpointNotFoundError,
    EncodingError,
    MissingExtraError,
    PerceptValueError,
    SensoriumError,
    UnknownEncoderError,
    UnsupportedModalityError,
    VectorError,
)
from sensorium.percepts import Image, Percept, Text

COLOURS = {"red": 0, "green": 1, "blue": 2}


class ColourEncoder(EncoderBase):
    """A real, tiny encoder: words and pictures of three colours share a space of three numbers."""

    modalities = frozenset({"text", "image"})

    @property
    def space(self) -> EmbeddingSpace:
        return EmbeddingSpace("colours", "0" * 64, "r1", 3)

    def try_encode(self, percepts: Sequence[Percept], /) -> list[Encoding | SensoriumError]:
        return [self._one(percept) for percept in percepts]

    def _one(self, percept: Percept) -> Encoding | SensoriumError:
        if isinstance(percept, Text):
            vector = np.array([[0.1 + (name in percept.text) for name in COLOURS]])
        elif isinstance(percept, Image):
            vector = np.asarray(percept.picture(), np.float64).mean(axis=(0, 1))[None] + 1
        else:
            return UnsupportedModalityError(percept.modality, "text, image", "pass one")
        unit = vector / np.linalg.norm(vector)
        return Encoding(percept.modality, unit.astype(np.float32))


def open_colours(*, device: str, dtype: str) -> ColourEncoder:
    assert (device, dtype) == ("auto", "auto")
    return ColourEncoder()


def swatch(*levels: int) -> Image:
    return Image(np.full((8, 8, 3), levels, np.uint8))


def test_combine_normalises_weighs_and_adds() -> None:
    """Planted: directions count, lengths do not; a weight of 2 counts double; minus subtracts."""
    east, north = np.array([5.0, 0.0]), np.array([0.0, 0.1])
    np.testing.assert_allclose(combine([east, north]), [0.5**0.5] * 2, rtol=1e-6)
    np.testing.assert_allclose(combine([east, north], [2, 1]), np.array([2, 1]) / 5**0.5, rtol=1e-6)
    np.testing.assert_allclose(combine([east, north], [0, -3]), [0, -1], atol=1e-7)


@pytest.mark.parametrize(
    ("vectors", "weights", "match"),
    [
        (np.eye(2), [1, -1, 1], "one finite number for each vector"),
        (np.ones((2, 3)), [1, -1], "cancel"),
        (np.zeros((1, 3)), None, "length 0.0"),
        (np.array([[np.nan, 1]]), None, "NaN"),
        (np.eye(2), [np.inf, 1], "finite"),
        (np.empty((0, 3)), None, r"shape \(0, 3\)"),
        (np.ones(3), None, r"shape \(3,\)"),
        (np.ones((1, 3), dtype=int), None, "int64"),
    ],
)
def test_sums_without_a_direction_are_refused(vectors: object, weights: object, match: str) -> None:
    """What cannot become a unit vector is an error, never NaN."""
    with pytest.raises(VectorError, match=match):
        combine(vectors, weights)  # type: ignore[arg-type]


def test_an_encoder_is_found_by_name_or_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered names, `module:attribute` and installed entry points all open."""
    register_encoder("colours", open_colours)
    assert isinstance(load_encoder("colours"), Encoder)
    assert {"colours", "imagebind-huge"} <= set(encoder_names())
    (tmp_path / "my_encoders.py").write_text(
        "def open_mine(*, device, dtype): return (device, dtype)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert load_encoder("my_encoders:open_mine", device="cpu") == ("cpu", "auto")


@pytest.mark.parametrize(
    "name", ["imagebind-hug", "no_such_module:x", "sensorium.encoders:nothing"]
)
def test_unknown_encoders_are_named(name: str) -> None:
    """The error repeats the name and lists what there is."""
    with pytest.raises(UnknownEncoderError, match=name.partition(":")[0]):
        load_encoder(name)


def test_missing_weights_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`imagebind-huge` without its weights names the command that fetches them."""
    monkeypatch.setenv("SENSORIUM_HOME", str(tmp_path))
    with pytest.raises(CheckpointNotFoundError, match="sensorium weights download imagebind-huge"):
        load_encoder("imagebind-huge", device="cpu")


@pytest.mark.parametrize("device", ["tpu9", "cuda:77", "meta:x"])
def test_absent_devices_are_named(device: str) -> None:
    """A device torch cannot reach is refused at once."""
    with pytest.raises(EncodingError, match=device):
        resolve_device(device)


def test_unknown_precisions_are_named() -> None:
    """Only the float types the towers run in are taken."""
    with pytest.raises(EncodingError, match="int8"):
        resolve_dtype("int8", resolve_device("cpu"))


def test_zero_shot_names_pictures_by_words() -> None:
    """The label whose words lie nearest wins; probabilities sum to one."""
    classifier = ZeroShotClassifier(ColourEncoder(), list(COLOURS), ["a photo of {}", "{}"])
    red, blue = classifier.classify([swatch(200, 20, 10), swatch(0, 30, 250)], top=3)
    assert [red[0].label, blue[0].label] == ["red", "blue"]
    assert sum(p.probability for p in red) == pytest.approx(1)
    assert red[0].similarity > red[1].similarity
    assert classifier.classify([]) == []


@pytest.mark.parametrize(
    ("labels", "templates"),
    [([], ["{}"]), (["a", "a"], ["{}"]), (["a"], ["no place"]), (["a"], [])],
)
def test_zero_shot_refuses_ambiguous_labels(labels: list[str], templates: list[str]) -> None:
    """No labels, repeated labels or templates without a place are errors."""
    with pytest.raises(PerceptValueError, match=r"labels|templates"):
        ZeroShotClassifier(ColourEncoder(), labels, templates)


def test_few_shot_learns_from_examples() -> None:
    """Two swatches a colour are enough to name a third; probabilities follow the sorted labels."""
    probe = FewShotProbe(ColourEncoder())
    with pytest.raises(PerceptValueError, match="fit"):
        probe.predict([swatch(1, 1, 1)])
    examples = [swatch(200, 0, 0), swatch(255, 40, 9), swatch(0, 0, 210), swatch(30, 9, 255)]
    probe.fit(examples, ["warm", "warm", "cold", "cold"])
    assert probe.labels == ["cold", "warm"]
    assert probe.predict([swatch(230, 20, 20), swatch(10, 0, 190)]) == ["warm", "cold"]
    assert probe.probabilities([swatch(230, 20, 20)]).argmax() == 1
    assert probe.predict([]) == []
    with pytest.raises(PerceptValueError, match="2 percepts with 1 labels"):
        probe.fit(examples[:2], ["warm"])


def test_few_shot_without_scikit_learn_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing extra is one error with the line to type."""
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sensorium\[few-shot\]"'):
        FewShotProbe(ColourEncoder())


def test_a_foreign_encoder_gets_batches_and_errors_for_free() -> None:
    """A subclass that writes `try_encode` has `encode`, `embed` and precise batch errors."""
    with pytest.raises(BatchError, match="percept 1"):
        ColourEncoder().encode([Text("red"), *_sounds()])
    assert ColourEncoder().embed([Text("red"), swatch(9, 0, 0)]).shape == (2, 3)
    assert ColourEncoder().embed([]).shape == (0, 3)


def _sounds() -> list[Percept]:
    from sensorium.percepts import Audio

    return [Audio(np.zeros(800, np.float32), rate=16_000)]


def test_labels_are_strings() -> None:
    """A bare string would be read as its letters; numbers would come back as text."""
    for labels in ("dog", [1, 2]):
        with pytest.raises(PerceptValueError, match="sequence of strings"):
            ZeroShotClassifier(ColourEncoder(), labels)  # type: ignore[arg-type]
    with pytest.raises(PerceptValueError, match="str"):
        FewShotProbe(ColourEncoder()).fit([Text("red"), Text("blue")], [0, 1])  # type: ignore[list-item]


def test_an_opener_can_be_called() -> None:
    """Registering something else fails at once, not at the first use."""
    with pytest.raises(UnknownEncoderError, match="opener"):
        register_encoder("nothing", None)  # type: ignore[arg-type]
