"""sensorium-mini through its public interface, with the weights in the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from sensorium.encoders import Encoding, load_encoder
from sensorium.errors import (
    BatchError,
    CheckpointFormatError,
    CheckpointNotFoundError,
    PerceptTooShortError,
)
from sensorium.mini import MiniEncoder
from sensorium.mini.audio_tower import SAMPLE_RATE, WINDOW, LogMel, mel_filters
from sensorium.mini.encoder import ALPHA, SEMANTIC
from sensorium.mini.imu_tower import described
from sensorium.mini.inputs import windows
from sensorium.mini.loading import read_background
from sensorium.mini.manifest import DIRECTORY, manifest
from sensorium.mini.quantised import LEVELS, dequantise, pack, quantise, unpack
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video

RANDOM = np.random.default_rng(5)
TIGHT = {"rtol": 0, "atol": 2e-5}


def scene(seed: int, size: tuple[int, int] = (200, 260)) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), dtype=np.uint8)
    return np.asarray(PIL.Image.fromarray(coarse).resize(size[::-1], PIL.Image.Resampling.BICUBIC))


def chirp(seconds: float, start: float = 300.0) -> np.ndarray:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.4 * np.sin(2 * np.pi * (start * time + 200 * time**2))).astype(np.float32)


def stride(seconds: float, rate: float = 50.0) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    swing = np.sin(2 * np.pi * 1.9 * time)[:, None] * [1.0, 0.6, 3.0, 0.5, 0.8, 0.3]
    return swing + np.array([0.0, 0.0, 9.81, 0.0, 0.0, 0.0])


def mixed() -> list[Percept]:
    grey = scene(3).mean(2).astype(np.float32)
    return [
        Text("a dog barks at the postman"),
        Image(scene(1)),
        Audio(chirp(2.5), rate=SAMPLE_RATE),
        Thermal(20 + grey / 20, unit="celsius"),
        Depth(1 + grey / 100, unit="m", fx=200),
        IMU(stride(6), rate=50, accel="m/s^2", gyro="rad/s"),
        Video(np.stack([scene(s, (96, 128)) for s in range(5)]), fps=1),
        Text("rain"),
        Image(scene(2, (300, 180))),
        Thermal((grey / 255), unit="white-hot"),
    ]


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return MiniEncoder()


@pytest.fixture(scope="module")
def encodings(encoder: MiniEncoder) -> list[Encoding]:
    return encoder.encode(mixed())


def test_it_is_the_default_encoder() -> None:
    """`load_encoder()` opens sensorium-mini, with its weights' digest in the space."""
    space = load_encoder().space
    assert (space.model, space.dimension) == ("sensorium-mini", 512)
    assert space.weights == manifest().digest


def test_every_vector_has_unit_length_and_the_right_parts(encodings: list[Encoding]) -> None:
    """Senses with an appearance have a share of alpha^2 / (1 + alpha^2) there; others have none."""
    share = ALPHA / (1 + ALPHA**2) ** 0.5
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
        np.testing.assert_allclose(alone.vectors, together.vectors, **TIGHT)


def test_windows_tile_what_is_long(encodings: list[Encoding]) -> None:
    """Sound, motion and video are covered to their ends; stills have one row and no span."""
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


def test_silence_is_left_out_unless_there_is_nothing_else() -> None:
    """Digital silence makes no rows beside sound, and one row alone."""
    silence = np.zeros(3 * WINDOW, np.float32)
    loud = np.concatenate([chirp(WINDOW / SAMPLE_RATE), silence])
    assert len(list(windows(Audio(loud, rate=SAMPLE_RATE)))) == 1
    assert len(list(windows(Audio(silence, rate=SAMPLE_RATE)))) == 1


def test_units_do_not_change_motion(encoder: MiniEncoder) -> None:
    """The same motion in g and deg/s, or sampled faster, lands at the same place."""
    motion = stride(6)
    other = motion / np.array([9.80665] * 3 + [np.pi / 180] * 3)
    percepts = [
        IMU(motion, rate=50, accel="m/s^2", gyro="rad/s"),
        IMU(other, rate=50, accel="g", gyro="deg/s"),
        IMU(stride(6, 200), rate=200, accel="m/s^2", gyro="rad/s"),
    ]
    one, same, faster = encoder.embed(percepts)
    assert one @ same > 0.9999
    assert one @ faster > 0.98


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
    one, *others = encoder.embed(percepts)
    assert all(one @ other > 0.999 for other in others)


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
    file = tmp_path / "weights" / f"{name}.safetensors"
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)
    encoder = MiniEncoder(directory=tmp_path / "weights")
    percept = {"trunk": 1, "audio": 2, "imu": 5}[name]
    with pytest.raises(CheckpointFormatError, match=f"{name}.safetensors.*reinstall"):
        encoder.encode([mixed()[percept]])
    assert encoder.embed([Text("rain")]).shape == (1, 512)


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


def test_log_mel_of_a_tone_peaks_at_its_bin() -> None:
    """1 kHz lies in the filter whose centre is nearest; silence is the logarithm of the offset."""
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(WINDOW) / SAMPLE_RATE)
    mels = LogMel()(torch.stack([tone, torch.zeros(WINDOW)]))
    assert mels.shape == (2, 96, 64)
    assert mels[0].mean(0).argmax() == mel_filters()[32].argmax()  # 1 kHz is bin 32 of 31.25 Hz
    assert torch.allclose(mels[1], torch.tensor(0.001).log())


def test_turning_the_sensor_keeps_what_does_not_depend_on_it() -> None:
    """Energies and the parts along and across gravity survive any rotation."""
    motion = torch.tensor(stride(2.56), dtype=torch.float32)[None]
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1)))[0]
    turned = torch.cat([motion[..., :3] @ turn, motion[..., 3:] @ turn], -1)
    torch.testing.assert_close(described(motion)[:, 9:], described(turned)[:, 9:], **TIGHT)


def test_eight_bits_are_within_half_a_step() -> None:
    """Each row is rounded to its own scale, and what has one dimension is kept."""
    weight = torch.randn(5, 3, 4, generator=torch.Generator().manual_seed(2)) * torch.logspace(
        -3, 2, 5
    ).view(-1, 1, 1)
    whole, scale = quantise(weight)
    assert whole.dtype == torch.int8
    assert whole.abs().amax() == LEVELS
    assert ((dequantise(whole, scale) - weight).abs() <= scale.view(-1, 1, 1) / 2 * 1.001).all()
    bias = torch.randn(5)
    assert torch.equal(unpack(pack({"w": weight, "b": bias}))["b"], bias)


def test_background_knows_every_pair(encoder: MiniEncoder) -> None:
    """Centred vectors have unit length, and unrelated ones a cosine near the recorded mean."""
    background = read_background()
    assert background.centres.keys() == encoder.modalities
    assert background.raw.keys() == {(a, b) for a in encoder.modalities for b in encoder.modalities}
    rows = encoder.embed([Text(t) for t in ("a cold beer", "the stock market fell", "her violin")])
    scores = background.scores(rows[:2], rows[1:], modalities=("text", "text"))
    assert scores[1, 0] == pytest.approx(1, abs=1e-5)
    assert abs(scores[0, 1] - background.centred["text", "text"].mean) < 0.4
