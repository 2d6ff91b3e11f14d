"""Laws of `Image`: one picture, whichever way it comes."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    NonFiniteError,
    PerceptShapeError,
    PerceptValueError,
    SourceChangedError,
    SourceNotFoundError,
    SourceTypeError,
    TooManyPixelsError,
)
from sensorium.percepts.image import Image
from sensorium.percepts.limits import Limits

# The machine may be busy: slow is not wrong.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HEIGHT, WIDTH = 6, 9
ORIENTATION = 0x0112  # EXIF tag
SEEN_AS = {  # EXIF orientation to how such a camera stores an upright scene
    1: lambda scene: scene,
    2: lambda scene: scene[:, ::-1],
    3: lambda scene: scene[::-1, ::-1],
    4: lambda scene: scene[::-1],
    5: lambda scene: scene.transpose(1, 0, 2),
    6: lambda scene: scene.transpose(1, 0, 2)[::-1],
    7: lambda scene: scene.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda scene: scene.transpose(1, 0, 2)[:, ::-1],
}


@pytest.fixture
def scene() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def encoded(picture: PIL.Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    if isinstance(picture, np.ndarray):
        picture = PIL.Image.fromarray(np.ascontiguousarray(picture))
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def pixels(percept: Image) -> np.ndarray:
    return np.asarray(percept.picture())


def png_chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
    return start + png_chunk(b"IDAT", zlib.compress(b"\0" * 64)) + png_chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_same_upright_picture(
    scene: np.ndarray, kind: str, orientation: int
) -> None:
    """A scene stored under any EXIF orientation comes out as the scene, once and for all."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(SEEN_AS[orientation](scene), kind, exif=exif, **options)
    image = Image(data)
    assert image.size == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(pixels(image), scene)
    assert not image.picture().getexif()
    from_pil = Image(PIL.Image.open(io.BytesIO(data)))
    assert from_pil.size == (WIDTH, HEIGHT)
    assert from_pil.digest == Image(scene).digest


def test_orientation_of_a_jpeg_gives_its_size_from_the_header_alone(scene: np.ndarray) -> None:
    """A JPEG that breaks off after its header still has its upright size."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(np.kron(scene, np.ones((40, 40, 1), np.uint8)), "JPEG", exif=exif)
    image = Image(data[: len(data) // 2])
    assert image.size == (40 * HEIGHT, 40 * WIDTH)
    with pytest.raises(MediaDecodeError, match=r"JPEG picture.*truncated"):
        image.picture()


def test_orientation_after_the_pixels_is_ignored_by_size_and_picture_alike(
    scene: np.ndarray,
) -> None:
    """Size and picture agree on a PNG whose EXIF follows its pixels."""
    exif = PIL.Image.Exif()
    exif[ORIENTATION] = 6
    plain = encoded(scene)
    late = plain[:-12] + png_chunk(b"eXIf", exif.tobytes()[6:]) + plain[-12:]
    image = Image(late)
    assert image.size == image.picture().size == (WIDTH, HEIGHT)


def test_damaged_exif_does_not_lose_the_picture(scene: np.ndarray) -> None:
    """A photo whose metadata is garbage is taken as it lies."""
    image = Image(encoded(scene, exif=b"Exif\0\0garbage"))
    np.testing.assert_array_equal(pixels(image), scene)


def test_transparency_lies_on_white() -> None:
    """Clear is white, opaque is itself, half is half way, in arrays, files and PIL images."""
    rgba = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [0, 100, 200, 51]]], np.uint8)
    wanted = np.array([[[255, 255, 255], [10, 20, 30], [204, 224, 244]]], np.uint8)
    picture = PIL.Image.fromarray(rgba)
    for given_as in (rgba, picture, encoded(picture)):
        np.testing.assert_array_equal(pixels(Image(given_as)), wanted)
    colourless = PIL.Image.new("P", (1, 1), 0)
    colourless.putpalette([9, 9, 9])
    image = Image(encoded(colourless, transparency=b"\0"))
    assert image.picture().getpixel((0, 0)) == (255, 255, 255)


def test_array_colours_and_picture_of_one_grey_scene_have_one_digest(scene: np.ndarray) -> None:
    """Grey array, RGB array, RGBA array, floats, tensor and PIL images are the same percept."""
    grey = scene[..., 0]
    rgb = np.stack([grey] * 3, axis=-1)
    opaque = np.dstack([rgb, np.full_like(grey, 255)])
    same: list[Any] = [
        grey,
        grey[..., None],
        rgb,
        opaque,
        np.asfortranarray(rgb),
        rgb.astype(np.float64) / 255,
        (grey / 255).astype(np.float32),
        (grey / 255).astype(">f4"),
        torch.from_numpy(rgb),
        PIL.Image.fromarray(grey),
        PIL.Image.fromarray(rgb),
        PIL.Image.fromarray(grey.astype(np.uint16) << 8),
        PIL.Image.fromarray((grey / 255).astype(np.float32)),
    ]
    assert len({Image(each).digest for each in same}) == 1
    np.testing.assert_array_equal(pixels(Image(grey)), rgb)


@relaxed
@given(hnp.arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 2, st.just(3))))
def test_floats_round_to_the_bytes_they_came_from(levels: np.ndarray) -> None:
    """Dividing bytes by 255, in any float type, changes nothing."""
    for dtype in (np.float16, np.float32, np.float64):
        assert Image((levels / 255).astype(dtype)) == Image(levels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I"])
def test_every_pil_mode_is_taken(scene: np.ndarray, mode: str) -> None:
    """A white picture is white in every mode."""
    white = PIL.Image.new("RGB", (3, 2), "white")
    picture = (
        white.convert("L").point(lambda v: v * 257, "I") if mode == "I" else white.convert(mode)
    )
    image = Image(picture)
    assert image.size == (3, 2)
    assert pixels(image).min() >= 254


def test_16_bit_greys_keep_their_upper_bits() -> None:
    """Level 0xABCD of a 16-bit file is 0xAB."""
    deep = PIL.Image.fromarray(np.array([[0xABCD, 0x00FF, 0xFFFF]], np.uint16))
    wanted = np.repeat(np.array([[[0xAB], [0x00], [0xFF]]], np.uint8), 3, axis=2)
    for kind in ("PNG", "TIFF"):
        np.testing.assert_array_equal(pixels(Image(encoded(deep, kind))), wanted)


def test_32_bit_greys_need_a_scale() -> None:
    """Values beyond 16 bits are refused, not wrapped."""
    picture = PIL.Image.fromarray(np.array([[0, 70_000]], np.int32))
    with pytest.raises(PerceptValueError, match="from 0 to 70000"):
        Image(picture)


def test_animations_show_their_first_frame(scene: np.ndarray) -> None:
    """Of a GIF and a WebP the first frame is the picture."""
    frames = [PIL.Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        red, _, blue = np.asarray(Image(data).picture())[1, 1]
        assert red > 200
        assert blue < 50


def test_every_source_kind_gives_the_picture(scene: np.ndarray, tmp_path: Path) -> None:
    """Path, bytes, file object and data URI hold one percept; a path stays a path."""
    data = encoded(scene)
    path = tmp_path / "scene.png"
    path.write_bytes(data)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    sources: list[Any] = [path, str(path), data, bytearray(data), io.BytesIO(data), uri]
    images = [Image(source) for source in sources]
    assert len({image.digest for image in images}) == 1
    for image in images:
        np.testing.assert_array_equal(pixels(image), scene)
    assert images[0].to_dict()["source"] == {"path": str(path)}


def test_round_trip_through_json(scene: np.ndarray, tmp_path: Path) -> None:
    """A percept read back from its dictionary is equal, for every kind of source."""
    path = tmp_path / "scene.png"
    path.write_bytes(encoded(scene))
    picture = PIL.Image.fromarray(scene)
    for source in (path, path.read_bytes(), scene, scene / 255, picture, scene[..., 1]):
        image = Image(source, uri="camera:1")
        back = Image.from_dict(json.loads(json.dumps(image.to_dict())))
        assert back == image
        assert back.size == image.size
        np.testing.assert_array_equal(pixels(back), pixels(image))


def test_the_callers_pixels_and_the_percepts_are_apart(scene: np.ndarray) -> None:
    """Writing to the array, the PIL image or a decoded picture does not change the percept."""
    array, before = scene.copy(), scene.copy()
    picture = PIL.Image.fromarray(scene.copy())
    images = [Image(array), Image(picture)]
    digest = images[0].digest
    array[:] = 0
    picture.paste(0, (0, 0, WIDTH, HEIGHT))
    for image in images:
        image.picture().putpixel((0, 0), (1, 2, 3))
        np.testing.assert_array_equal(pixels(image), before)
        assert Image(image.source).digest == digest
    scene.flags.writeable = False
    assert Image(scene).digest == digest


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((3, 8, 8), r"transpose\(1, 2, 0\)"),
        ((1, 8, 8), r"transpose\(1, 2, 0\)"),
        ((8, 8, 2), "one picture"),
        ((2, 8, 8, 3), "one picture"),
        ((8,), "one picture"),
    ],
)
def test_other_shapes_are_refused_with_the_way_out(shape: tuple[int, ...], hint: str) -> None:
    """Channels first is named with its transpose, other shapes with what is needed."""
    with pytest.raises(PerceptShapeError, match=hint):
        Image(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint16, np.int8])
def test_other_dtypes_are_refused(dtype: type) -> None:
    """Masks and wide integers have no agreed brightness."""
    with pytest.raises(PerceptShapeError, match="uint8, or floats"):
        Image(np.zeros((4, 4), dtype))


def test_floats_outside_the_unit_interval_are_refused() -> None:
    """0..255 as floats, normalised tensors and NaN each say what to do."""
    with pytest.raises(PerceptValueError, match="divide by 255"):
        Image(np.full((4, 4, 3), 200.0))
    with pytest.raises(PerceptValueError, match="from -1 to"):
        Image(np.linspace(-1, 1, 16).reshape(4, 4))
    for bad in (np.nan, np.inf):
        with pytest.raises(NonFiniteError, match="1 samples"):
            Image(np.array([[0.5, bad]]))


def test_bombs_are_refused_from_their_header() -> None:
    """A tiny file claiming 60000 x 60000 pixels reaches neither decoder nor Pillow's own check."""
    with pytest.raises(TooManyPixelsError, match="60000 x 60000 = 3600000000"):
        Image(png_header(60_000, 60_000))


def test_the_limit_is_ours_and_pillows_stays(
    scene: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow's global neither forbids what our limit allows, nor is changed."""
    with pytest.raises(TooManyPixelsError, match="at most 53"):
        Image(encoded(scene), limits=Limits(max_pixels=53))
    with pytest.raises(TooManyPixelsError, match="at most 53"):
        Image(scene, limits=Limits(max_pixels=53))
    with pytest.raises(TooManyPixelsError, match="at most 53"):
        Image(PIL.Image.fromarray(scene), limits=Limits(max_pixels=53))
    assert Image(encoded(scene), limits=Limits(max_pixels=54)).picture().size == (WIDTH, HEIGHT)
    for pillows in (30, 1):  # 54 pixels: a warning under the first, an error under the second
        monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", pillows)
        np.testing.assert_array_equal(pixels(Image(encoded(scene))), scene)
        assert pillows == PIL.Image.MAX_IMAGE_PIXELS
    monkeypatch.setattr(PIL.Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(TooManyPixelsError, match="at most"):
        Image(png_header(60_000, 60_000))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
def test_truncated_files_are_media_errors(kind: str, share: float) -> None:
    """Broken off anywhere, a file is a `MediaDecodeError`, at construction or at decoding."""
    noise = np.random.default_rng(2).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    data = encoded(noise, kind)
    with pytest.raises(MediaDecodeError, match="all of it has arrived"):
        Image(data[: max(5, int(share * len(data)))]).picture()


@relaxed
@given(st.data())
def test_mutated_files_raise_nothing_unknown(data: st.DataObject) -> None:
    """A damaged file is either a picture or one of our errors."""
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "TIFF", "PPM", "TGA"]))
    content = bytearray(encoded(PIL.Image.new("RGB", (8, 8), "teal"), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MediaDecodeError, TooManyPixelsError, EmptyPerceptError):
        Image(bytes(content), limits=Limits(max_pixels=100_000)).picture()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Dear Rex,\nit rains.\n", "looks like text"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(64), "MPEG-4 or QuickTime video"),
        (b"\x1aE\xdf\xa3" + bytes(64), "Matroska or WebM video"),
        (b"\0\0\1\xb3" + bytes(64), "MPEG video"),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(32), "WAV sound"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "EPS drawing"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG or XML"),
        (b"<!DOCTYPE html><p>404</p>", "HTML page"),
        (b"\x93NUMPY\x01\0" + bytes(64), "NumPy file"),
        (bytes(range(128, 256)), "no known kind"),
    ],
)
def test_other_files_are_named(content: bytes, name: str) -> None:
    """What is not a picture is refused with what it looks like and what is needed."""
    with pytest.raises(MediaDecodeError, match=rf"{name}.*needed a whole picture"):
        Image(content)


def test_nothing_directories_and_strangers(tmp_path: Path) -> None:
    """Empty, missing and foreign sources each have their error."""
    for nothing in (b"", np.zeros((0, 4, 3), np.uint8), PIL.Image.new("RGB", (0, 5))):
        with pytest.raises(EmptyPerceptError, match="leave this percept out"):
            Image(nothing)
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(SourceNotFoundError, match="path"):
            Image(path)
    with pytest.raises(SourceTypeError, match="PIL image"):
        Image(object())  # type: ignore[arg-type]  # refused


def test_a_changed_file_is_not_another_percept(scene: np.ndarray, tmp_path: Path) -> None:
    """A file replaced after the percept was made is refused, not decoded."""
    path = tmp_path / "scene.png"
    path.write_bytes(encoded(scene))
    image = Image(path)
    path.write_bytes(encoded(scene[:3]))
    with pytest.raises(SourceChangedError, match="changed"):
        image.picture()


def test_a_truncated_pil_image_is_a_media_error(scene: np.ndarray) -> None:
    """A lazily opened PIL image fails as its file would."""
    noise = np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    data = encoded(noise)
    with pytest.raises(MediaDecodeError, match="PIL image of mode RGB"):
        Image(PIL.Image.open(io.BytesIO(data[: len(data) // 2])))


def test_pillows_warnings_need_no_filter(scene: np.ndarray) -> None:
    """Reading leaves the process's warning filters as they were."""
    before = list(warnings.filters)
    Image(encoded(scene)).picture()
    assert warnings.filters == before


def test_a_file_of_several_pages_says_that_its_first_is_shown() -> None:
    """A fax of two pages is its first one, and tells so; one page, and animations, say nothing."""
    pages = [PIL.Image.new("RGB", (8, 6), colour) for colour in ("red", "blue")]
    fax = Image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert fax.reading["picture"] == "the first of 2 pages, 8 x 6"
    np.testing.assert_array_equal(pixels(fax)[0, 0], [255, 0, 0])
    cut = Image(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])[:-60])
    np.testing.assert_array_equal(pixels(cut)[0, 0], [255, 0, 0])
    for alone in (encoded(pages[0], "TIFF"), encoded(pages[0], "GIF")):
        assert "picture" not in Image(alone).reading
