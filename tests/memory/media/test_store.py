"""Kept media: a percept survives as a file bit by bit, and the store loses and leaks nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import av
import fsspec
import numpy as np
import PIL.Image
import pytest
import torch
from fsspec.implementations.memory import MemoryFileSystem
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from sensorium.errors import (
    MediaDecodeError,
    MediaNotFoundError,
    MediaQuotaError,
    MissingExtraError,
    OwnerError,
    PerceptFormatError,
    RecordError,
    StoreFullError,
    StoreUnavailableError,
    UnitError,
)
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.folders import PART
from sensorium.memory.media.store import MediaStore
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Text, Thermal, Video
from sensorium.percepts.files import PerceptFile, file_from_percept, percept_from_file
from sensorium.samples import FOLDER as SAMPLES

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=timezone.utc)
LONG_AGO = 1_000_000_000  # seconds since 1970
HOSTILE = ["../../etc/passwd", "/etc/passwd", "", "a.png", "A" * 64 + ".png", "0" * 64 + "./x"]


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
    motion = random.normal(np.float64([0, 0, 9.8, 0, 0, 0]), 3, (120, 6)).astype(np.float32)
    jitter = np.cumsum(random.uniform(0.018, 0.022, 120)) + 1e9
    si = {"accel": "m/s^2", "gyro": "rad/s"}
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
    still = np.tile(np.float32([0.1, 0, 0, 0, 0, 0]), (90, 1))  # 0.98 m/s^2: looks like 1 g
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
        percepts.append(IMU(motion, rate=30.5, accel="g", gyro="deg/s"))
    for percept in percepts:
        assert decoded(again(percept)) == decoded(percept)


def test_what_is_no_file_says_so() -> None:
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


# The store


@pytest.fixture(params=["local", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "media") if request.param == "local" else f"memory://{uuid4()}/media"


@pytest.fixture
def store(root: str) -> MediaStore:
    return MediaStore(root, owner="rex")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def name_of(content: bytes, extension: str = "bin") -> str:
    return f"{hashlib.sha256(content).hexdigest()}.{extension}"


class Unseekable(io.RawIOBase):
    """A stream of so many blocks of noise, that does not say how many; may fail after the last."""

    def __init__(self, blocks: int, *, failing: bool = False) -> None:
        self.blocks, self.failing = blocks, failing

    def read(self, size: int = -1) -> bytes:
        self.blocks -= 1
        if self.blocks < 0 and self.failing:
            raise ConnectionResetError("gone")
        return os.urandom(size) if self.blocks >= 0 else b""


def test_content_is_found_under_its_digest(store: MediaStore) -> None:
    """What was put is read back whole, under the name its content gives it, and is one file."""
    content = bytes(range(256)) * 9000  # more than two blocks
    name = store.put(content, extension="bin")
    assert name == name_of(content)
    assert store.put(io.BytesIO(content), extension="bin") == name
    assert store.read(name) == content
    with store.open(name) as stream:
        assert stream.read(3) == content[:3]
    assert store.exists(name)
    assert list(store.names()) == [name]
    assert store.bytes_used() == len(content)


def test_a_local_file_lies_where_the_layout_says(tmp_path: Path) -> None:
    """A kept file is an ordinary file, in a folder that no other owner can name."""
    store = MediaStore(tmp_path, owner="rex/../max")
    name = store.put(b"sound", extension="wav")
    expected = tmp_path / owner_key("rex/../max") / name[:2] / name
    assert store.path(name) == expected
    assert files_in(tmp_path) == [expected]
    assert MediaStore(tmp_path.as_uri(), owner="rex/../max").read(name) == b"sound"


def test_a_remote_file_has_no_path() -> None:
    """A caller is told that there is nothing on this disk."""
    store = MediaStore(f"memory://{uuid4()}", owner="rex")
    assert store.path(store.put(b"x", extension="bin")) is None


def test_owners_do_not_meet(root: str) -> None:
    """A name of one owner's file is nothing to another, even of the same content."""
    rex, max_ = MediaStore(root, owner="rex"), MediaStore(root, owner="max")
    name = rex.put(b"secret", extension="bin")
    assert not max_.exists(name)
    assert list(max_.names()) == []
    assert max_.bytes_used() == 0
    assert max_.remove([name]) == 0
    assert max_.sweep((), older_than=timedelta(0)).files == 0
    with pytest.raises(MediaNotFoundError):
        max_.open(name)
    assert rex.read(name) == b"secret"


@pytest.mark.parametrize("name", [*HOSTILE, "0" * 64 + ".png\n", None, b"x"])
def test_hostile_names_reach_no_file(root: str, name: Any) -> None:
    """What is not a name of ours is refused before any path is built of it."""
    store = MediaStore(root, owner="rex")
    kept = store.put(b"x", extension="bin")
    for call in (store.open, store.read, store.path):
        with pytest.raises(MediaNotFoundError):
            call(name)
    assert not store.exists(name)
    with pytest.raises(MediaNotFoundError):
        store.remove([kept, name])
    assert store.exists(kept)


@pytest.mark.parametrize("extension", ["", ".png", "PNG", "../x", "a" * 9, "p\n"])
def test_hostile_extensions_are_refused(store: MediaStore, extension: str) -> None:
    """An extension cannot lead a file elsewhere."""
    with pytest.raises(RecordError, match="letters"):
        store.put(b"x", extension=extension)


def test_an_owner_is_a_name(tmp_path: Path) -> None:
    """A store without an owner cannot be opened."""
    with pytest.raises(OwnerError):
        MediaStore(tmp_path, owner="")


def test_missing_files_say_so(store: MediaStore) -> None:
    """A file that is not there is an error to read, and none to remove."""
    name = name_of(b"never")
    for call in (store.open, store.read, store.path):
        with pytest.raises(MediaNotFoundError, match=name[:16]):
            call(name)
    assert store.remove([name]) == 0


steps = st.lists(st.tuples(st.sampled_from(["put", "remove"]), st.integers(0, 5)), max_size=25)


@settings(max_examples=30, deadline=None)
@given(steps)
def test_the_count_is_always_right(steps: list[tuple[str, int]]) -> None:
    """After any puts and removals, names, bytes and a fresh count agree with a plain dictionary."""
    root, model = f"memory://{uuid4()}", {}
    store = MediaStore(root, owner="rex")
    store.bytes_used()
    for step, size in steps:
        content = b"x" * size
        name = name_of(content)
        if step == "put":
            assert store.put(content, extension="bin") == name
            model[name] = size
        else:
            assert store.remove([name]) == (model.pop(name, None) is not None)
    assert set(store.names()) == set(model)
    assert store.bytes_used() == sum(model.values())
    assert MediaStore(root, owner="rex").bytes_used() == sum(model.values())


def test_a_quota_is_kept(root: str) -> None:
    """What would not fit is refused with the numbers; what is there already needs no room."""
    store = MediaStore(root, owner="rex", quota=100)
    first = store.put(b"a" * 80, extension="bin")
    with pytest.raises(MediaQuotaError, match="80 of 100") as caught:
        store.put(b"b" * 30, extension="bin")
    assert "110" in caught.value.needed
    assert store.put(b"a" * 80, extension="bin") == first
    assert store.put(b"c" * 20, extension="bin")
    store.remove([first])
    assert store.put(b"b" * 30, extension="bin")
    assert store.bytes_used() == 50
    assert MediaStore(root, owner="max", quota=100).put(b"a" * 80, extension="bin") == first


def test_an_endless_stream_stops_at_the_quota(tmp_path: Path) -> None:
    """A stream that does not say its length is cut off where the quota is, and leaves nothing."""
    store = MediaStore(tmp_path, owner="rex", quota=3 * 2**20)
    stream = Unseekable(10**9)
    with pytest.raises(MediaQuotaError):
        store.put(stream, extension="bin")
    assert stream.blocks == 10**9 - 4
    assert files_in(tmp_path) == []
    assert store.put(Unseekable(3), extension="bin")


def in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=[turn]) for turn in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_share_a_store(root: str) -> None:
    """Many threads put the same files in different order; all are whole, and counted once."""
    contents = [bytes([i]) * 50_000 for i in range(12)]
    store = MediaStore(root, owner="rex", quota=18 * 50_000)  # 6 may be in the making as well
    done: list[str] = []

    def work(turn: int) -> None:
        for i in range(len(contents)):
            done.append(store.put(contents[(i + turn) % len(contents)], extension="bin"))

    in_threads(6, work)
    assert len(done) == 6 * 12
    assert {store.read(name) for name in store.names()} == set(contents)
    assert store.bytes_used() == 12 * 50_000


def test_threads_do_not_break_the_quota(root: str) -> None:
    """Of many different files put at once, as many fit as the quota allows, whoever wins."""
    store = MediaStore(root, owner="rex", quota=10 * 50_000)
    refused: list[MediaQuotaError] = []

    def work(turn: int) -> None:
        for i in range(5):
            try:
                store.put(bytes([turn, i]) * 25_000, extension="bin")
            except MediaQuotaError as error:
                refused.append(error)

    in_threads(6, work)
    assert len(refused) == 20
    assert store.bytes_used() == sum(len(store.read(name)) for name in store.names()) == 500_000


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A write that the system refuses is named, its part is removed, and the store goes on."""
    store = MediaStore(tmp_path, owner="rex")
    kept = store.put(b"before", extension="bin")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, limits[1]))
    try:
        with pytest.raises(StoreFullError, match="free"):
            store.put(Unseekable(5), extension="bin")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in files_in(tmp_path)] == [kept]
    assert store.put(Unseekable(5), extension="bin")


def test_a_source_that_fails_leaves_nothing_behind(store: MediaStore) -> None:
    """A stream that breaks off half-way keeps its error and leaves no file, nor bytes counted."""
    with pytest.raises(ConnectionResetError):
        store.put(Unseekable(2, failing=True), extension="bin")
    assert list(store.names()) == []
    assert store.bytes_used() == 0


KILLED = """
import os, signal, sys
from sensorium.memory.media.store import MediaStore
class Stream:
    blocks = 0
    def seekable(self): return False
    def read(self, size):
        self.blocks += 1
        if self.blocks == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes(size)
MediaStore(sys.argv[1], owner="rex").put(Stream(), extension="bin")
"""


def test_a_killed_write_leaves_no_file_under_a_name(tmp_path: Path) -> None:
    """After SIGKILL half-way there is a part, which no reader sees and a later sweep removes."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    store = MediaStore(tmp_path, owner="rex")
    assert list(store.names()) == []
    assert store.bytes_used() == 0
    (part,) = files_in(tmp_path)
    assert part.name.startswith(PART)
    assert store.sweep(()).files == 0  # it could still be written to
    os.utime(part, (LONG_AGO, LONG_AGO))
    swept = store.sweep(())
    assert (swept.files, swept.bytes) == (1, 3 * 2**20)
    assert files_in(tmp_path) == []


def test_a_cut_file_is_written_again(tmp_path: Path) -> None:
    """A file that lost power before its flush is mended by putting the same content."""
    store = MediaStore(tmp_path, owner="rex")
    name = store.put(b"whole", extension="bin")
    path = store.path(name)
    assert path is not None
    path.write_bytes(b"")
    assert store.put(b"whole", extension="bin") == name
    assert store.read(name) == b"whole"


def test_a_sweep_removes_only_old_orphans(tmp_path: Path) -> None:
    """Of old files, those that are named stay; a young one stays, and an old one put again."""
    store = MediaStore(tmp_path, owner="rex", quota=1000)
    named, orphan, renewed = (store.put(c, extension="bin") for c in (b"1", b"22", b"333"))
    for name in (named, orphan, renewed):
        path = store.path(name)
        assert path is not None
        os.utime(path, (LONG_AGO, LONG_AGO))
    young = store.put(b"4444", extension="bin")
    store.put(b"333", extension="bin")
    swept = store.sweep({named})
    assert (swept.files, swept.bytes) == (1, 2)
    assert set(store.names()) == {named, renewed, young}
    assert store.bytes_used() == 1 + 3 + 4
    assert store.sweep(lambda name: name == young, older_than=timedelta(0)).files == 2


def test_a_remote_sweep_minds_the_age(tmp_path: Path) -> None:
    """In an object store, too, young files stay and old orphans go."""
    store = MediaStore(f"memory://{uuid4()}", owner="rex")
    name = store.put(b"1", extension="bin")
    assert store.sweep(()).files == 0
    assert store.sweep(lambda _: True, older_than=timedelta(0)).files == 0
    assert store.sweep((), older_than=timedelta(0)).files == 1
    assert not store.exists(name)


def test_flush_syncs_files_and_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written since the last flush is synchronised once, with the folders that name it."""
    synced: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    store = MediaStore(tmp_path, owner="rex")
    name, gone = store.put(b"1", extension="bin"), store.put(b"2", extension="bin")
    store.remove([gone])
    path = store.path(name)
    assert path is not None
    assert synced == []
    store.flush()
    expected = {each.stat().st_ino for each in (path, path.parent, path.parents[1], tmp_path)}
    assert set(synced) == expected
    synced.clear()
    store.flush()
    assert synced == []


def test_a_failed_flush_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose synchronising failed is not forgotten by the next flush."""
    store = MediaStore(tmp_path, owner="rex")
    store.put(b"1", extension="bin")

    def failing(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                store.flush()
    store.flush()


def test_urls_that_cannot_be_reached_say_why() -> None:
    """A URL of no known kind, and one whose package is missing, each get their own error."""
    with pytest.raises(StoreUnavailableError, match="nosuch") as caught:
        MediaStore("nosuch://rex:secret@bucket/media", owner="rex")
    assert "secret" not in str(caught.value)
    if "s3fs" not in sys.modules:
        with pytest.raises(MissingExtraError, match="s3fs"):
            MediaStore("s3://bucket/media", owner="rex")


class Refusing(MemoryFileSystem):
    """An object store that is down."""

    protocol = "refusing"

    def put_file(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError("503 Slow Down")


def test_a_remote_failure_is_ours() -> None:
    """Whatever a file system raises becomes an error of ours, and nothing is counted."""
    fsspec.register_implementation("refusing", Refusing, clobber=True)
    store = MediaStore("refusing://media", owner="rex", quota=100)
    with pytest.raises(StoreUnavailableError, match="503 Slow Down"):
        store.put(b"x" * 60, extension="bin")
    assert store.bytes_used() == 0
    with pytest.raises(StoreUnavailableError, match="503"):
        store.put(b"x" * 60, extension="bin")
