"""Laws of maps in files: one scene, whatever file it lies in, has one depth."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
import OpenEXR
import PIL.Image
import pytest
import scipy.io
import tifffile

from sensorium.errors import (
    DepthEncodingError,
    MediaDecodeError,
    PerceptError,
    PerceptShapeError,
    SourceRefusedError,
    SourceTooLargeError,
    TooManyPixelsError,
    UnitError,
)
from sensorium.percepts import Depth
from sensorium.percepts.files import file_from_percept, percept_from_file
from sensorium.percepts.limits import Limits
from sensorium.percepts.previews import preview

FX = 60.0
ROWS, COLUMNS = np.mgrid[0:24, 0:37]
SCENE = (1.5 + 0.04 * ROWS + 0.02 * COLUMNS).astype(np.float32)  # metres; a slope
SCENE[5, 7] = 0  # a hole
WANTED = np.where(SCENE == 0, np.nan, SCENE)
MM = np.round(SCENE * 1000).astype(np.uint16)
Writer = Callable[[Path], dict[str, Any]]


def write_npz(path: Path) -> dict[str, Any]:
    np.savez_compressed(path, K=np.eye(1), rgb=np.zeros((24, 37, 3), np.uint8), depth=SCENE)
    return {"unit": "m", "dataset": "depth"}


def write_hdf5(path: Path) -> dict[str, Any]:
    with h5py.File(path, "w") as file:
        file.create_dataset("left/range", data=np.stack([SCENE * 3, SCENE]), compression="gzip")
        file["right"] = SCENE * 2
    return {"unit": "m", "dataset": "/left/range", "frame": 1}


def write_matlab(path: Path) -> dict[str, Any]:
    """As MATLAB does: a block of text before it, and axes reversed."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["D"] = SCENE.astype(np.float64).T
        file["D"].attrs["MATLAB_class"] = np.bytes_("double")
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    return {"unit": "m"}


def write_old_matlab(path: Path) -> dict[str, Any]:
    """Whole numbers, which the file holds in fewer bytes, beside a number, words and a vector."""
    beside = {"fx": 525.0, "note": "left", "rows": np.arange(9.0)}
    scipy.io.savemat(path, {"D": MM.astype(np.float64), **beside}, do_compression=True)
    return {"unit": "mm"}


def write_old_matlab_stack(path: Path) -> dict[str, Any]:
    scipy.io.savemat(path, {"other": MM, "D": np.dstack([MM * 2, MM])})
    return {"unit": "mm", "dataset": "D", "frame": 1}


def write_batch(path: Path) -> dict[str, Any]:
    """A batch of one, as networks return it, beside one channel."""
    with h5py.File(path, "w") as file:
        file["depth"] = SCENE[None, None]
    return {"unit": "m"}


def write_exr(path: Path) -> dict[str, Any]:
    colours = {name: np.zeros(SCENE.shape, np.float16) for name in ("R", "G", "B")}
    OpenEXR.File({}, {**colours, "View Layer.Depth.Z": SCENE}).write(str(path))
    return {"unit": "m"}


def write_grey_exr(path: Path) -> dict[str, Any]:
    OpenEXR.File({}, dict.fromkeys(("R", "G", "B"), SCENE)).write(str(path))
    return {"unit": "m"}


def write_cropped_exr(path: Path) -> dict[str, Any]:
    """The hole is what was not rendered."""
    filled = SCENE.copy()
    filled[0] = 0
    header = {
        "dataWindow": ((0, 1), (36, 23)),
        "displayWindow": ((0, 0), (36, 23)),
    }
    OpenEXR.File(header, {"V": np.ascontiguousarray(SCENE[1:])}).write(str(path))
    return {"unit": "m"}


def write_pages(path: Path) -> dict[str, Any]:
    with tifffile.TiffWriter(path) as file:
        for depth in (MM * 2, MM):
            file.write(depth)
    return {"unit": "mm", "frame": 1}


def write_thumbnail(path: Path) -> dict[str, Any]:
    """A small copy is no page."""
    with tifffile.TiffWriter(path) as file:
        file.write(MM)
        file.write(MM[::4, ::4], subfiletype=1)
    return {"unit": "mm"}


def write_half_thumbnail(path: Path) -> dict[str, Any]:
    with tifffile.TiffWriter(path) as file:
        file.write(SCENE[::4, ::4].astype(np.float16), subfiletype=1)
        file.write(SCENE.astype(np.float16))
    return {"unit": "m"}


def write_text(path: Path) -> dict[str, Any]:
    np.savetxt(path, SCENE, delimiter=",", header="depth in metres")
    return {"unit": "m"}


def write_raw(path: Path) -> dict[str, Any]:
    path.write_bytes((MM * 2).astype(">u2").tobytes() + MM.astype(">u2").tobytes())
    return {"unit": 0.001, "shape": (24, 37), "dtype": ">u2", "frame": 1}


def npy(array: np.ndarray, **units: Any) -> Writer:
    def write(path: Path) -> dict[str, Any]:
        np.save(path, array)
        return units

    return write


def tiff(array: np.ndarray, *, big: bool = False, order: Literal["<", ">"] = "<") -> Writer:
    def write(path: Path) -> dict[str, Any]:
        with tifffile.TiffWriter(path, bigtiff=big, byteorder=order) as file:
            file.write(array)
        return {"unit": "m"}

    return write


WRITERS: dict[str, tuple[str, Writer]] = {
    "npy": ("a.npy", npy(SCENE[..., None], unit="m")),
    "npy stack": ("a.npy", npy(np.stack([MM, MM * 2]), unit="mm", frame=0)),
    "big-endian npy": ("a.npy", npy(MM.astype(">u4"), unit="mm")),
    "npz": ("a.npz", write_npz),
    "hdf5": ("range.h5", write_hdf5),
    "matlab": ("nyu.mat", write_matlab),
    "old matlab": ("old.mat", write_old_matlab),
    "old matlab stack": ("old.mat", write_old_matlab_stack),
    "npy batch": ("a.npy", npy(SCENE[None, ..., None], unit="m")),
    "npy batch of a stack": ("a.npy", npy(np.stack([MM, MM * 2])[None], unit="mm", frame=0)),
    "hdf5 batch": ("a.h5", write_batch),
    "exr": ("z.exr", write_exr),
    "grey exr": ("z.exr", write_grey_exr),
    "half tiff": ("a.tif", tiff(SCENE.astype(np.float16))),
    "double tiff": ("a.tiff", tiff(SCENE.astype(">f8"), order=">")),
    "big tiff": ("a.tiff", tiff(SCENE, big=True)),
    "pages": ("stack.tiff", write_pages),
    "thumbnail": ("t.tiff", write_thumbnail),
    "half thumbnail": ("t.tiff", write_half_thumbnail),
    "text": ("m.csv", write_text),
    "raw": ("frames.raw", write_raw),
}


@pytest.fixture(params=WRITERS)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    name, write = WRITERS[request.param]
    path = tmp_path / name
    return path, {**write(path), "fx": FX}


def test_one_scene_in_every_file(file: tuple[Path, dict[str, Any]]) -> None:
    """Path, bytes and stream of each kind of file are the planted depth, with its hole."""
    path, units = file
    for source in (path, path.read_bytes(), io.BytesIO(path.read_bytes())):
        depth = Depth(source, **units)
        assert depth.shape == SCENE.shape
        np.testing.assert_allclose(depth.metres(), WANTED, rtol=2e-3)
        assert np.isnan(depth.metres()[5, 7])


def test_what_was_said_of_a_file_goes_where_the_percept_goes(
    file: tuple[Path, dict[str, Any]],
) -> None:
    """JSON, pickles, copies in a memory and previews read the file as the percept did."""
    path, units = file
    depth = Depth(path, **units)
    again = Depth.from_dict(json.loads(json.dumps(depth.to_dict())))
    assert again == depth
    assert pickle.loads(pickle.dumps(depth)) == depth
    kept = file_from_percept(depth)
    read = percept_from_file(
        kept.source.read(), modality="depth", units=json.loads(json.dumps(dict(kept.units)))
    )
    assert isinstance(read, Depth)
    for other in (again, read):
        np.testing.assert_array_equal(other.metres(), depth.metres())
    assert kept.extension != "bin" or path.suffix == ".raw"
    assert preview(read) is not None


def test_pixels_that_were_not_rendered_are_holes(tmp_path: Path) -> None:
    """The data window of an OpenEXR picture lies in its display window."""
    path = tmp_path / "cropped.exr"
    depth = Depth(path, **write_cropped_exr(path), fx=FX)
    assert depth.shape == SCENE.shape
    np.testing.assert_array_equal(depth.metres()[1:], WANTED[1:])
    assert np.isnan(depth.metres()[0]).all()


def test_several_maps_are_never_chosen_from_silently(tmp_path: Path) -> None:
    """Names and counts are told; following the remedy reads the file."""
    path = tmp_path / "file"
    for write in (write_hdf5, write_pages, write_raw):
        units = {**write(path), "fx": FX}
        with pytest.raises(PerceptShapeError, match=r"with 2 maps or pages.*from frame=0 to 1"):
            Depth(path, **{key: value for key, value in units.items() if key != "frame"})
        with pytest.raises(PerceptShapeError, match="asked for frame=2"):
            Depth(path, **{**units, "frame": 2})
    units = write_hdf5(path)
    with pytest.raises(PerceptShapeError, match=r'left/range, right; .*dataset="left/range"'):
        Depth(path, unit="m", fx=FX)
    with pytest.raises(PerceptShapeError, match="none of them 'middle'"):
        Depth(path, unit="m", fx=FX, dataset="middle")
    OpenEXR.File({}, {"near": SCENE, "far": SCENE}).write(str(path))
    with pytest.raises(PerceptShapeError, match=r"far, near.*dataset="):
        Depth(path, unit="m", fx=FX)
    np.testing.assert_array_equal(Depth(path, unit="m", fx=FX, dataset="far").metres(), WANTED)
    OpenEXR.File({}, {"R": SCENE, "G": SCENE, "B": SCENE * 2}).write(str(path))
    with pytest.raises(PerceptShapeError, match="different channels"):
        Depth(path, unit="m", fx=FX).metres()


def test_a_batch_of_one_is_one_map() -> None:
    """Of several it is not, and each of them is by its index."""
    for shape in ((1, 1, 24, 37), (1, 24, 37, 1), (24, 37, 1, 1)):
        np.testing.assert_array_equal(Depth(SCENE.reshape(shape), unit="m", fx=FX).metres(), WANTED)
    several = np.stack([SCENE * 2, SCENE])[:, None]
    with pytest.raises(PerceptShapeError, match="frame=0"):
        Depth(several, unit="m", fx=FX)
    np.testing.assert_array_equal(Depth(several, unit="m", fx=FX, frame=1).metres(), WANTED)


def test_a_stack_in_memory_has_frames_as_well() -> None:
    """frame= picks one of (N, H, W), and an array stays without it afterwards."""
    depth = Depth(np.stack([SCENE * 2, SCENE]), unit="m", fx=FX, frame=1)
    np.testing.assert_array_equal(depth.metres(), WANTED)
    assert "frame" not in depth.units
    with pytest.raises(PerceptShapeError, match="frame=0"):
        Depth(np.stack([SCENE, SCENE]), unit="m", fx=FX)


def test_links_out_of_a_file_are_not_followed(tmp_path: Path) -> None:
    """An HDF5 file cannot make the percept read another file."""
    secret, path = tmp_path / "secret.h5", tmp_path / "a.h5"
    with h5py.File(secret, "w") as file:
        file["depth"] = SCENE
    with h5py.File(path, "w") as file:
        file["depth"] = h5py.ExternalLink(str(secret), "depth")
    with pytest.raises(PerceptShapeError, match="no array of numbers"):
        Depth(path, unit="m", fx=FX, dataset="depth")
    (tmp_path / "numbers").write_bytes(SCENE.tobytes())
    with h5py.File(path, "w") as file:
        numbers = [(str(tmp_path / "numbers"), 0, SCENE.nbytes)]
        file.create_dataset("depth", SCENE.shape, SCENE.dtype, external=numbers)
    with pytest.raises(SourceRefusedError, match="in other files"):
        Depth(path, unit="m", fx=FX)
    layout = h5py.VirtualLayout(SCENE.shape, SCENE.dtype)
    layout[:] = h5py.VirtualSource(str(secret), "depth", SCENE.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("depth", layout)
    with pytest.raises(SourceRefusedError, match="in other files"):
        Depth(path, unit="m", fx=FX)


@pytest.mark.parametrize("kind", WRITERS)
def test_cut_files_are_refused(kind: str, tmp_path: Path) -> None:
    """Half a file is a `MediaDecodeError` or a wrong size, never other values or a crash."""
    name, write = WRITERS[kind]
    path = tmp_path / name
    units = write(path)
    cut = path.read_bytes()[: path.stat().st_size * 3 // 5]
    if kind == "text":
        cut = b"words\n" * 9
    with pytest.raises((MediaDecodeError, PerceptShapeError)) as refused:
        Depth(cut, **units, fx=FX).metres()
    assert "PNG:" not in str(refused.value)
    assert "convert it to PNG" not in str(refused.value)


@pytest.mark.slow
def test_sizes_are_checked_before_the_numbers_are_read(tmp_path: Path) -> None:
    """A small file that says it is huge is refused from its header."""
    limits = Limits(max_pixels=100)
    for kind, (name, write) in WRITERS.items():
        path = tmp_path / f"{kind} {name}"
        with pytest.raises(TooManyPixelsError):
            Depth(path, **{**write(path), "fx": FX}, limits=limits)
    bomb = tmp_path / "bomb.npz"
    np.savez_compressed(bomb, depth=np.zeros((9000, 9000)))
    with pytest.raises((MediaDecodeError, TooManyPixelsError)):
        Depth(bomb, unit="m", fx=FX)


def test_eight_bits_and_colours_are_no_depth_in_any_file(tmp_path: Path) -> None:
    """What is refused as an array is refused from a file's header."""
    path = tmp_path / "a.npy"
    for array in (np.ones((4, 4), np.uint8), np.ones((4, 4), bool), np.ones((4, 4, 3))):
        np.save(path, array)
        with pytest.raises((DepthEncodingError, PerceptShapeError)):
            Depth(path, unit="mm", fx=FX)
    np.save(path, np.array([["a"]]))
    with pytest.raises(MediaDecodeError, match="dtype"):
        Depth(path, unit="mm", fx=FX)


@pytest.mark.parametrize(
    ("units", "hint"),
    [
        ({"shape": (24, 37)}, "dtype is not given"),
        ({"dtype": "uint16"}, "shape is not given"),
        ({"shape": (24,), "dtype": "u2"}, r"pass shape=\(480, 640\)"),
        ({"shape": (0, 3), "dtype": "u2"}, r"pass shape"),
        ({"shape": "a", "dtype": "u2"}, r"pass shape"),
        ({"shape": 5, "dtype": "u2"}, r"pass shape"),
        ({"shape": (24, 37), "dtype": "depth"}, "as NumPy calls it"),
        ({"shape": (24, 37), "dtype": "U4"}, "as NumPy calls it"),
        ({"frame": -1}, "index from 0"),
        ({"frame": 0.5}, "index from 0"),
        ({"dataset": ""}, "a name"),
        ({"dataset": 3}, "a name"),
    ],
)
def test_malformed_layouts_are_named(units: dict[str, Any], hint: str) -> None:
    """Each argument says how it is written."""
    with pytest.raises(UnitError, match=hint):
        Depth(MM, unit="mm", fx=FX, **units)


def test_text_of_a_layout_is_as_good_as_numbers(tmp_path: Path) -> None:
    """What a command line or a model writes is understood."""
    path = tmp_path / "depth.bin"
    path.write_bytes(MM.tobytes())
    shapes: list[str | list[float]] = ["24x37", "24,37", "(24, 37)", [24.0, 37.0]]
    for shape in shapes:
        depth = Depth(path, unit="1/1000", fx=FX, shape=shape, dtype="uint16", frame="0")
        np.testing.assert_allclose(depth.metres(), MM / 1000 + WANTED * 0, rtol=1e-6)
        assert depth.units["shape"] == [24, 37]
    with pytest.raises(PerceptShapeError, match=r"1776 bytes.*3552 bytes"):
        Depth(path, unit="m", fx=FX, shape=(24, 37), dtype="float32")


def test_a_missing_library_is_one_line(tmp_path: Path) -> None:
    """The error holds the command that installs it, and the rest of the package works."""
    names = {"hdf5": write_hdf5, "exr": write_exr, "matlab": write_old_matlab}
    for extra, write in names.items():
        write(tmp_path / extra)
    tifffile.imwrite(tmp_path / "tiff", SCENE.astype(np.float16))
    program = f"""
import sys
for name in ("h5py", "OpenEXR", "tifffile", "scipy"):
    sys.modules[name] = None
from pathlib import Path
from sensorium.errors import MissingExtraError
from sensorium.percepts import Depth
for extra in ("hdf5", "exr", "tiff", "matlab"):
    try:
        Depth(Path({str(tmp_path)!r}) / extra, unit="m", fx=60)
    except MissingExtraError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 4
    for extra, line in zip(("hdf5", "exr", "tiff", "matlab"), lines, strict=True):
        assert f'pip install "sensorium[{extra}]"' in line


def test_the_libraries_are_imported_when_they_are_needed() -> None:
    """Importing percepts imports none of them."""
    program = """
import sys, sensorium.percepts
assert not {"h5py", "OpenEXR", "scipy", "tifffile"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_netpbm_picture_in_text_is_a_picture() -> None:
    """A plain PGM is refused as such, and not taken for a matrix with two lines above it."""
    plain = "P2\n3 2\n65535\n" + "1000 2000 3000\n" * 2
    with pytest.raises(MediaDecodeError, match="maxval"):
        Depth(plain.encode(), unit="mm", fx=FX)


def test_png_stays_with_pillow() -> None:
    """A 16-bit PNG reads as before."""
    stream = io.BytesIO()
    PIL.Image.fromarray(MM).save(stream, "PNG")
    depth = Depth(stream.getvalue(), unit="mm", fx=FX)
    np.testing.assert_allclose(depth.metres(), WANTED, atol=6e-4)


@pytest.mark.parametrize("kind", WRITERS)
def test_damage_is_an_error_of_ours(kind: str, tmp_path: Path) -> None:
    """Changed bytes give other numbers or a `PerceptError`, in every kind of file."""
    name, write = WRITERS[kind]
    path = tmp_path / name
    units = {**write(path), "fx": FX}
    for seed in range(12):
        random = np.random.default_rng(seed)
        content = bytearray(path.read_bytes())
        reach = len(content) if seed % 2 else min(len(content), 2000)
        for place in random.integers(0, reach, 4):
            content[place] = random.integers(256)
        with contextlib.suppress(PerceptError):
            Depth(bytes(content), **units, limits=Limits(max_pixels=10**6)).metres()


def test_memory_is_bounded_where_pixels_are_not(tmp_path: Path) -> None:
    """What is read beside the map counts: channels outside the picture, blocks, text."""
    limits = Limits(max_memory=200_000)
    path = tmp_path / "wide.exr"
    header = {"dataWindow": ((0, 0), (399, 399)), "displayWindow": ((0, 0), (3, 3))}
    OpenEXR.File(header, {"Z": np.ones((400, 400), np.float32)}).write(str(path))
    with pytest.raises(TooManyPixelsError, match="400 x 400"):
        Depth(path, unit="m", fx=FX, limits=limits)
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (4, 4), "f8", maxshape=(None, None), chunks=(999, 999))
    with pytest.raises(MediaDecodeError, match="blocks of"):
        Depth(path, unit="m", fx=FX, limits=limits)
    text = ("1.5 " * 40 + "\n").encode() * 60
    with pytest.raises(SourceTooLargeError, match="bytes of memory"):
        Depth(text, unit="m", fx=FX, limits=limits)
