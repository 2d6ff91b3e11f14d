"""A percept survives as a file bit by bit."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sensorium.errors import (
    MediaDecodeError,
    PerceptFormatError,
    RecordError,
    UnitError,
)
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video
from sensorium.percepts.files import file_from_percept, percept_from_file
from sensorium.percepts.forms import PerceptFile
from sensorium.samples import FOLDER as SAMPLES

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)


def decoded(percept: Percept) -> list[Any]:
    """Everything that the percept's decoding methods return, bit for bit, and what it means."""
    if isinstance(percept, Image):
        return [percept.picture().tobytes(), percept.size]
    if isinstance(percept, Audio):
        heard = percept.mono(percept.rate)
        return [heard.tobytes(), percept.rate, percept.channels, percept.duration]
    if isinstance(percept, Video):
        times = np.linspace(0, percept.duration, 5)
        shown = [frame.tobytes() for frame in percept.frames(times)]
        return [*shown, percept.fps, percept.duration, percept.size]
    if isinstance(percept, Depth):
        metric = percept.metric and percept.fx is not None
        metres = percept.metres().tobytes() if metric else None
        focus = [percept.fx, percept.fx_assumed, percept.unit]
        return [metres, percept.disparity().tobytes(), percept.shape, *focus]
    if isinstance(percept, Thermal):
        view = percept.view()
        return [view.intensity.tobytes(), view.low, view.high, percept.unit, percept.shape]
    assert isinstance(percept, IMU)
    clock = [percept.times.tobytes(), percept.rate, percept.duration]
    return [percept.samples.tobytes(), *clock]


def again(percept: Percept, kept: PerceptFile | None = None) -> Percept:
    """Keep a percept and open it again; its units go through JSON, as in a payload."""
    kept = kept or file_from_percept(percept)
    units = json.loads(json.dumps(dict(kept.units)))
    content = kept.source.read()
    return percept_from_file(
        content, modality=percept.modality, units=units, at=percept.at, uri=percept.uri
    )


def animation() -> bytes:
    frames = [PIL.Image.new("RGB", (8, 6), colour) for colour in ("red", "green", "blue")]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=200)
    return content.getvalue()


def encoded() -> Iterator[tuple[type[Percept], bytes, str, dict[str, Any]]]:
    def sample(name: str) -> bytes:
        return (SAMPLES / name).read_bytes()

    rows = [f"{i / 50},0.1,0.2,9.8,{i / 100},0,0" for i in range(100)]
    table = "\n".join(["t,ax,ay,az,gx,gy,gz", *rows]).encode()
    motion = {"accel": "m/s^2", "gyro": "rad/s"}
    yield Image, sample("photo_dog.jpg"), "jpg", {}
    yield Audio, sample("sound_dog_bark.ogg"), "ogg", {}
    yield Video, animation(), "gif", {}
    yield Depth, sample("depth_mug.png"), "png", {"unit": "mm", "fx": 500.0}
    yield Thermal, sample("thermal_dog.jpg"), "jpg", {"unit": "white-hot", "palette": "ironbow"}
    yield IMU, sample("imu_walking.npz"), "npz", motion
    yield IMU, table, "csv", motion


@pytest.mark.parametrize("held", ["path", "bytes", "file", "data"])
@pytest.mark.parametrize(
    "given", list(encoded()), ids=lambda given: f"{given[0].modality}-{given[2]}"
)
def test_an_encoded_source_is_kept_byte_for_byte(given: Any, held: str, tmp_path: Path) -> None:
    """However it was given, the kept file is the given one, and opens with the same meaning."""
    make, content, extension, units = given
    path = tmp_path / "misnamed.html"
    path.write_bytes(content)
    uri = "data:;base64," + base64.b64encode(content).decode()
    source = {"path": path, "bytes": content, "file": io.BytesIO(content), "data": uri}[held]
    percept = make(source, **units, at=WHEN, uri="x://y")
    kept = file_from_percept(percept)
    assert kept.source.read() == content
    assert kept.extension == extension
    assert again(percept, kept) == percept


def test_a_container_is_named_after_its_sense(tmp_path: Path) -> None:
    """The same first bytes are a sound's or a video's: the mime type says which it was."""
    assert file_from_percept(Audio(SAMPLES / "sound_dog_bark.ogg")).mime == "audio/ogg"
    path = tmp_path / "voice.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        samples = np.zeros((1, 16_000), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    assert file_from_percept(Audio(path)).mime == "audio/mp4"
    assert file_from_percept(Audio(path)).extension == "mp4"


def arrays_of_every_sense() -> Iterator[tuple[Percept, str]]:
    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (9, 7, 3), np.uint8)
    wave = random.uniform(-1, 1, (2, 900)).astype(np.float32)
    values = random.uniform(1, 5, (6, 8)).astype(np.float32)
    values[2, 3] = np.nan
    motion = random.normal(np.array([0, 0, 9.8, 0, 0, 0]), 3, (120, 6)).astype(np.float32)
    jitter = np.cumsum(random.uniform(0.018, 0.022, 120)) + 1e9
    si: dict[str, Any] = {"accel": "m/s^2", "gyro": "rad/s"}
    yield Image(picture), "png"
    yield Image(torch.from_numpy(picture)), "png"
    yield Image(PIL.Image.fromarray(picture).convert("RGBA")), "png"
    yield Image(random.random((5, 4))), "png"
    yield Audio(wave, rate=44_100), "wav"
    yield Audio((wave[0] * 30_000).astype(np.int16), rate=8_000), "wav"
    yield Audio(random.uniform(-1, 1, (8, 300)), rate=100), "npy"  # see WAV_CHANNELS
    yield Video(np.stack([picture] * 4), fps=12.5), "npy"
    yield Depth(values, unit="m", fx=300), "tiff"
    yield (
        Depth((np.nan_to_num(values) * 1000).astype(np.uint16), unit="mm", fx="assume-60deg"),
        ("tiff"),
    )
    yield Depth(values, unit="disparity"), "tiff"
    yield Depth(PIL.Image.fromarray(values), unit="disparity", fx=200, baseline=0.1), "tiff"
    yield Depth(values - 2, unit="relative"), "tiff"
    yield Thermal(np.nan_to_num(values) + 20, unit="celsius", span=(18, 30)), "tiff"
    yield Thermal(np.nan_to_num(values) + 290, unit="kelvin", span=(280, 300)), "tiff"
    yield Thermal(np.arange(30, dtype=np.uint16).reshape(5, 6) + 7000, unit="counts"), "tiff"
    yield Thermal(picture[..., 0], unit="black-hot"), "tiff"
    yield Thermal(np.full((4, 4), 523.15), unit="kelvin"), "npy"  # 250 in celsius: a room in kelvin
    yield IMU(motion, rate=50, **si), "npz"
    yield IMU(motion, timestamps=jitter, **si), "npz"
    still = np.tile(
        np.array([0.1, 0, 0, 0, 0, 0], np.float32), (90, 1)
    )  # 0.98 m/s^2: looks like 1 g
    yield IMU(still, rate=30, accel="g", gyro="deg/s"), "npy"
    yield IMU(still, timestamps=jitter[:90], accel="g", gyro="deg/s"), "npy"


@pytest.mark.parametrize(
    ("percept", "extension"), list(arrays_of_every_sense()), ids=lambda value: str(value)[:40]
)
def test_samples_become_a_file_and_come_back(
    percept: Percept, extension: str, tmp_path: Path
) -> None:
    """Samples of every sense decode to the same bits from the file they are kept in."""
    kept = file_from_percept(percept)
    assert kept.extension == extension
    back = again(percept, kept)
    assert decoded(back) == decoded(percept)
    path = tmp_path / f"kept.{kept.extension}"
    path.write_bytes(kept.source.read())
    opened = percept_from_file(
        path, modality=percept.modality, units=kept.units, at=WHEN, uri="x://y"
    )
    assert decoded(opened) == decoded(percept)
    assert (opened.at, opened.uri) == (WHEN, "x://y")
    if extension != "npy":
        make: Any = type(percept)
        assert decoded(make(path, **kept.units)) == decoded(percept)
    assert file_from_percept(percept).source.read() == kept.source.read()
    assert decoded(again(back)) == decoded(percept)


floats = st.floats(-8, 8, width=32)
depths = st.one_of(st.floats(0, 150, width=32), st.just(np.nan), st.just(np.inf))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9).map(lambda s: (*s, 3))),
    arrays(np.float32, st.tuples(st.integers(1, 8), st.integers(8, 40)), elements=floats),
    arrays(np.float32, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=depths),
    arrays(np.float32, st.tuples(st.integers(2, 40), st.just(6)), elements=floats),
    st.integers(100, 1_000_000),
)
def test_any_samples_come_back(pixels: Any, wave: Any, depth: Any, motion: Any, rate: int) -> None:
    """What a percept takes, it gets back bit for bit: signed zeros, subnormals, holes and all."""
    finite = depth[np.isfinite(depth)]
    assume(finite.any())
    percepts = [
        Image(pixels),
        Audio(wave, rate=rate),
        Video(pixels[None], fps=rate / 7),
        Depth(depth, unit="m", fx=100),
        Depth(depth, unit="disparity"),
        Thermal(np.nan_to_num(depth, posinf=0.0), unit="counts"),
    ]
    try:
        percepts.append(IMU(motion, rate=min(rate, 5_000), accel="m/s^2", gyro="rad/s"))
    except UnitError:
        percepts.append(IMU(motion / 100, rate=30.5, accel="g", gyro="deg/s"))
    for percept in percepts:
        assert decoded(again(percept)) == decoded(percept)


def test_a_text_never_becomes_a_file() -> None:
    """A text is kept in the payload, and never becomes a file or comes out of one."""
    with pytest.raises(RecordError, match="page_content"):
        file_from_percept(Text("words"))
    with pytest.raises(RecordError, match="page_content"):
        percept_from_file(b"words", modality="text", units={})


class Radar(Percept):
    """A seventh sense, whose source is any array."""

    modality: ClassVar[str] = "radar_of_test_media"

    def __init__(self, source: Any, *, gain: float, at: Any = None, uri: Any = None, limits: Any):
        self._describe(source, at=at, uri=uri, limits=limits)
        self._set(gain=gain)

    @property
    def units(self) -> dict[str, Any]:
        return {"gain": self.gain}  # type: ignore[attr-defined]


def test_a_seventh_sense_is_kept_without_being_known() -> None:
    """A registered class of another sense gets its samples and its units back."""
    from sensorium.percepts.percept import DEFAULT_LIMITS
    from sensorium.percepts.source import Samples

    radar = Radar(Samples(np.arange(12.0).reshape(3, 4)), gain=2.0, limits=DEFAULT_LIMITS)
    assert again(radar) == radar


@pytest.mark.parametrize(
    ("modality", "content", "units", "error"),
    [
        ("smell", b"x", {}, PerceptFormatError),
        ("image", (SAMPLES / "photo_dog.jpg").read_bytes(), {"sourec": 1}, PerceptFormatError),
        ("image", (SAMPLES / "photo_dog.jpg").read_bytes(), {"limits": 1}, PerceptFormatError),
        ("video", b"\x93NUMPY\x01\x00", {"fps": 3}, MediaDecodeError),
        ("video", b"\x93NUMPY\x01\x00v\x00{'descr': '|O'", {"fps": 3}, MediaDecodeError),
    ],
)
def test_damaged_or_foreign_files_are_refused(
    modality: str, content: bytes, units: Any, error: type[Exception]
) -> None:
    """A file that is not the percept's, or units that are not its, get an error of ours."""
    with pytest.raises(error):
        percept_from_file(content, modality=modality, units=units)


def test_a_giant_array_is_refused_before_it_is_read() -> None:
    """A few bytes that claim to be terabytes fail at once."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (99999, 99999, 99999, 3), }\n"
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(MediaDecodeError, match="npy"):
        percept_from_file(content, modality="video", units={"fps": 3})
