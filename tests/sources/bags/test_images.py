"""Images in recordings: colours as seen, depth in metres, and nothing guessed that matters."""

from __future__ import annotations

import io
import struct
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray
from tests.support.bags import (
    KINDS,
    SECOND,
    START,
    Written,
    camera_info,
    compressed,
    image,
    imu_messages,
    write_bag,
)
from tests.support.motions import motion

from sensorium import sources
from sensorium.errors import MediaDecodeError, PerceptFormatError, TooManyPixelsError, UnitError
from sensorium.percepts import Depth, Image, Limits, Percept, Thermal

DEPTH = "/camera/depth/image_rect_raw"
INFO = "/camera/depth/camera_info"
FX = 38.5


def depth_map(height: int = 6, width: int = 8) -> NDArray[np.uint16]:
    """Depth in millimetres with a hole."""
    values = np.arange(1000, 1000 + height * width, dtype=np.uint16).reshape(height, width)
    values[1, 2] = 0
    return values


def metres(values: NDArray[np.uint16]) -> NDArray[np.float32]:
    found = (values / 1000).astype(np.float32)
    found[values == 0] = np.nan
    return found


def read(folder: Path, *messages: tuple[str, Any], kind: str = "mcap", **options: Any) -> Percept:
    """Write messages and read the one percept in them."""
    [found] = sources.open(write_all(folder, *messages, kind=kind), **options)
    return found


def write_all(folder: Path, *messages: tuple[str, Any], kind: str = "mcap") -> Path:
    written = [
        Written(topic, START + index * SECOND // 10, message)
        for index, (topic, message) in enumerate(messages)
    ]
    return write_bag(folder, written, kind)


def png(values: NDArray[Any]) -> bytes:
    content = io.BytesIO()
    PIL.Image.fromarray(values).save(content, "PNG")
    return content.getvalue()


def pixels(percept: Percept) -> NDArray[np.uint8]:
    assert isinstance(percept, Image)
    return np.asarray(percept.picture())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_depth_is_exact(kind: str, order: str, encoding: str, tmp_path: Path) -> None:
    """In metres, with its holes, its focal length from the camera that is written later."""
    counts = depth_map()
    values = counts.astype(order + "u2") if encoding == "16UC1" else metres(counts)
    sent = image(values.astype(order + values.dtype.str[1:]), encoding, pad=4)
    found = read(tmp_path, (DEPTH, sent), (INFO, camera_info(FX, (8, 6))), kind=kind)
    assert isinstance(found, Depth)
    np.testing.assert_array_equal(found.metres(), metres(counts))
    assert found.fx == FX
    assert found.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=timezone.utc)
    unit = "mm" if encoding == "16UC1" else "m"
    assert found.reading == {
        "topic": DEPTH,
        "type": "sensor_msgs/Image",
        "modality": "depth",
        "pixels": encoding,
        "unit": f"{unit} (REP 118)",
        "fx": f"38.5 (K[0] of {INFO})",
        "at": "header.stamp",
        "log_time": START,
        "number": 1,
    }


def test_maps_in_a_row_are_each_their_own(tmp_path: Path) -> None:
    """Pixels, time, origin and size; one of holes alone is left out between the others."""
    maps = [depth_map() + np.uint16(100 * index) for index in range(3)]
    maps += [np.zeros((6, 8), np.uint16), depth_map(12, 16), depth_map() + np.uint16(500)]
    sent = [
        (DEPTH, image(each, "16UC1", stamp=START + index * SECOND))
        for index, each in enumerate(maps)
    ]
    found = list(sources.open(write_all(tmp_path, (INFO, camera_info(FX, (8, 6))), *sent)))
    kept = [0, 1, 2, 4, 5]
    assert len(found) == len(kept)
    for percept, index in zip(found, kept, strict=True):
        assert isinstance(percept, Depth)
        expected = maps[index] / np.float32(1000)
        expected[maps[index] == 0] = np.nan
        np.testing.assert_allclose(percept.metres(), expected, rtol=1e-6)
        assert percept.at is not None
        assert percept.at.timestamp() == 1_700_000_000 + index
        assert percept.fx == (2 * FX if index == 4 else FX)
        assert percept.uri is not None
        assert percept.uri.endswith(str(percept.reading["log_time"]))
    assert len({percept.digest for percept in found}) == len(kept)


@pytest.mark.parametrize(
    ("encoding", "order"), [("rgb8", (0, 1, 2)), ("bgr8", (2, 1, 0)), ("bgra8", (2, 1, 0, 0))]
)
def test_colours_are_those_seen(encoding: str, order: tuple[int, ...], tmp_path: Path) -> None:
    """Whatever their order in the message, and however its rows are padded."""
    colours = np.random.default_rng(1).integers(0, 255, (5, 7, 3), np.uint8)
    found = read(tmp_path, ("/camera/image_raw", image(colours[..., order], encoding, pad=3)))
    np.testing.assert_array_equal(pixels(found), colours)


def test_grey_and_mosaics(tmp_path: Path) -> None:
    """A square of a mosaic is one pixel of the colours that its four have."""
    grey = np.random.default_rng(2).integers(0, 255, (4, 6), np.uint8)
    found = read(tmp_path, ("/left/image_raw", image(grey, "mono8")))
    np.testing.assert_array_equal(pixels(found)[..., 0], grey)
    red, green, blue = 200, 100, 50
    for number, (name, square) in enumerate(
        {
            "bayer_rggb8": [[red, green], [green, blue]],
            "bayer_bggr8": [[blue, green], [green, red]],
            "bayer_gbrg8": [[green, blue], [red, green]],
            "bayer_grbg8": [[green, red], [blue, green]],
        }.items()
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        mosaic = np.tile(np.array(square, np.uint8), (3, 4))
        found = read(folder, ("/image_raw", image(mosaic, name)))
        assert pixels(found).shape == (3, 4, 3)
        assert (pixels(found) == [red, green, blue]).all()
        assert found.reading["pixels"] == f"{name}, half the size"


def test_compressed_pictures_are_kept_as_they_are(tmp_path: Path) -> None:
    """The file in the message is the file of the percept."""
    colours = np.random.default_rng(1).integers(0, 255, (5, 7, 3), np.uint8)
    content = png(colours)
    sent = compressed(content, "bgr8; png compressed bgr8")
    found = read(tmp_path, ("/camera/image_raw/compressed", sent))
    np.testing.assert_array_equal(pixels(found), colours)
    assert found.source.content_digest() == Image(content).source.content_digest()


def test_a_compressed_copy_is_not_read_beside_its_original(tmp_path: Path) -> None:
    """Unless it is asked for by name."""
    grey = np.full((4, 6), 7, np.uint8)
    copy = "/cam/image_raw/compressed"
    path = write_all(
        tmp_path,
        ("/cam/image_raw", image(grey, "mono8")),
        (copy, compressed(png(grey), "mono8; png compressed ")),
    )
    assert [p.reading["topic"] for p in sources.open(path)] == ["/cam/image_raw"]
    assert [p.reading["topic"] for p in sources.open(path, topics=[copy])] == [copy]


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_compressed_depth(encoding: str, tmp_path: Path) -> None:
    """Millimetres are exact; floats are as exact as their quantised inverse is."""
    counts = depth_map()
    scale, offset = 70.0, -30.0  # depth = scale / (count - offset)
    if encoding == "32FC1":
        inverse = np.rint(scale / (metres(depth_map()) * 0.01) + offset)
        counts = np.where(counts == 0, 0, np.nan_to_num(inverse)).astype(np.uint16)
    content = struct.pack("<iff", 0, scale, offset) + png(counts)
    sent = compressed(content, f"{encoding}; compressedDepth png")
    topic = "/camera/depth/image_raw/compressedDepth"
    found = read(tmp_path, (topic, sent), (INFO, camera_info(FX, (8, 6))))
    assert isinstance(found, Depth)
    expected = metres(depth_map()) * (0.01 if encoding == "32FC1" else 1)
    np.testing.assert_allclose(found.metres(), expected, rtol=1e-3 if encoding == "32FC1" else 0)
    assert found.fx == FX


def test_depth_of_other_codecs_is_named(tmp_path: Path) -> None:
    """RVL is no PNG: the error says so."""
    sent = compressed(bytes(40), "16UC1; compressedDepth rvl")
    with pytest.raises(MediaDecodeError, match="not a PNG"):
        read(tmp_path, ("/depth/image/compressedDepth", sent))


def test_the_focal_length_is_the_cameras(tmp_path: Path) -> None:
    """The projection's of rectified images; scaled with the image; of the binned sensor."""
    values = depth_map()
    for number, (info, expected) in enumerate(
        [
            (camera_info(FX, (8, 6), projected=40.0), 40.0),
            (camera_info(FX, (16, 12)), FX / 2),
            (camera_info(FX, (16, 12), binning=2), FX / 2),
            (camera_info(FX, (0, 0)), FX),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = read(folder, (DEPTH, image(values, "16UC1")), (INFO, info))
        assert isinstance(found, Depth)
        assert found.fx == expected


def test_a_focal_length_is_not_guessed(tmp_path: Path) -> None:
    """Another camera, another picture, no calibration, no camera: each is asked for."""
    sent = image(depth_map(), "16UC1")
    others = [
        ("/camera/color/camera_info", camera_info(FX, (8, 6))),
        ("/camera_info", camera_info(FX, (8, 6))),
        (INFO, camera_info(FX, (8, 8))),
        (INFO, camera_info(0.0, (8, 6))),
    ]
    for number, other in enumerate(others):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = write_all(folder, (DEPTH, sent), other)
        with pytest.raises(UnitError, match=f'fx=525.*topics={{"{DEPTH}"'):
            list(sources.open(path))
        for fx in (30.0, "assume-60deg"):
            [found] = sources.open(path, topics={DEPTH: {"fx": fx}})
            assert isinstance(found, Depth)
    [named] = sources.open(
        tmp_path / "0" / "run", topics={DEPTH: {"camera_info": "/camera/color/camera_info"}}
    )
    assert isinstance(named, Depth)
    assert named.fx == FX
    with pytest.raises(PerceptFormatError, match="camera_info='/none'"):
        list(sources.open(path, topics={DEPTH: {"camera_info": "/none"}}))


def test_sixteen_bits_are_depth_only_where_they_are_called_so(tmp_path: Path) -> None:
    """Heat and infrared are as well of 16 bits; the caller says it, and the remedy works."""
    celsius = np.linspace(20, 30, 48, dtype=np.float32).reshape(6, 8)
    for number, (topic, encoding) in enumerate(
        [("/boson/image_raw", "mono16"), ("/kinect/ir/image", "16UC1"), ("/lwir/image", "32FC1")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        values = celsius if encoding == "32FC1" else (celsius * 100).astype(np.uint16)
        path = write_all(folder, (topic, image(values, encoding)))
        with pytest.raises(UnitError, match=r'"modality": "thermal".*topics='):
            list(sources.open(path))
        unit = "celsius" if encoding == "32FC1" else "counts"
        [heat] = sources.open(path, topics={topic: {"modality": "thermal", "unit": unit}})
        assert isinstance(heat, Thermal)
        assert heat.shape == (6, 8)
        [shown] = sources.open(path, topics={topic: {"modality": "image"}})
        assert shown.modality == "image"
    sent = image(depth_map(), "mono16")
    folder = tmp_path / "depth"
    folder.mkdir()
    found = read(folder, ("/depth/image", sent), ("/depth/camera_info", camera_info(FX, (8, 6))))
    assert isinstance(found, Depth)
    np.testing.assert_array_equal(found.metres(), metres(depth_map()))


def test_a_deep_png_is_not_shown_as_a_picture(tmp_path: Path) -> None:
    """A compressed image whose format does not say that it has 16 bits."""
    with pytest.raises(UnitError, match="mono16, which may be depth"):
        read(tmp_path, ("/cam/image/compressed", compressed(png(depth_map()), "png")))


def test_units_of_a_topic_override_the_standard(tmp_path: Path) -> None:
    """Counts of 1/5000 m, and an encoding that the driver names wrongly."""
    path = write_all(tmp_path, ("/depth/image", image(depth_map(), "16SC1")))
    options = {"encoding": "16UC1", "unit": 1 / 5000, "fx": 30.0}
    [found] = sources.open(path, topics={"/depth/image": options})
    assert isinstance(found, Depth)
    np.testing.assert_allclose(found.metres(), metres(depth_map()) / 5, rtol=1e-6)
    with pytest.raises(MediaDecodeError, match=r"'16SC1'.*encoding="):
        list(sources.open(path))


def test_an_empty_map_is_left_out(tmp_path: Path) -> None:
    """A covered camera ends no reading; whoever asks is told."""
    path = write_all(
        tmp_path,
        (DEPTH, image(np.zeros((6, 8), np.uint16), "16UC1")),
        (DEPTH, image(np.full((6, 8), np.nan, np.float32), "32FC1")),
        (DEPTH, image(depth_map(), "16UC1")),
        (INFO, camera_info(FX, (8, 6))),
    )
    told: list[sources.MessageFailure] = []
    assert [p.reading["number"] for p in sources.open(path)] == [3]
    assert len(list(sources.open(path, on_failure=told.append))) == 1
    assert [each.log_time for each in told] == [START, START + SECOND // 10]


def test_damaged_images_are_failures_of_one_message(tmp_path: Path) -> None:
    """Fewer bytes than pixels, or more pixels than the limits; the rest is read."""
    short = image(depth_map(), "16UC1")
    short.data = short.data[:50]
    path = write_all(tmp_path, ("/a", short), ("/a", image(np.zeros((4, 4), np.uint8), "mono8")))
    with pytest.raises(MediaDecodeError, match="8 x 6 pixels in 50 bytes"):
        list(sources.open(path))
    told: list[sources.MessageFailure] = []
    assert len(list(sources.open(path, on_failure=told.append))) == 1
    with pytest.raises(TooManyPixelsError):
        list(sources.open(path, limits=Limits(max_pixels=10)))


def test_one_picture_every_so_many_seconds(tmp_path: Path) -> None:
    """Beside a motion that is read whole, in the order in which they are complete."""
    grey = np.zeros((4, 4), np.uint8)
    pictures = [
        Written("/cam", START + index * SECOND // 10, image(grey + index, "mono8"))
        for index in range(30)
    ]
    motions = imu_messages(motion(300))
    path = write_bag(tmp_path, sorted([*pictures, *motions], key=lambda each: each.log_time))
    found = list(sources.open(path, topics={"/cam": {"every": 1.0}, "/imu/data": {}}))
    assert [p.modality for p in found] == ["image", "image", "image", "imu"]
    assert [p.reading["log_time"] for p in found[:3]] == [START + n * SECOND for n in range(3)]
    with pytest.raises(PerceptFormatError, match="every=-1"):
        list(sources.open(path, topics={"/cam": {"every": -1}}))
    with pytest.raises(PerceptFormatError, match="modality='video'"):
        list(sources.open(path, topics={"/cam": {"modality": "video"}}))
