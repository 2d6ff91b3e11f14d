"""What is installed is what was tested: the wheel holds both wings, data, types and licences."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

from sensorium.mini.manifest import manifest
from sensorium.samples import FOLDER

WINGS = (ROOT / "embedders", ROOT / "integrations")
WEIGHTS = "sensorium/mini/weights/"
SAMPLES = "sensorium/samples/media/"
LARGEST_WHEEL = 60_000_000  # bytes: it is downloaded whole


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.mark.slow
def test_every_file_of_both_wings_is_in_it(wheel: zipfile.ZipFile) -> None:
    """Modules, vocabulary, samples, `py.typed`; nothing else but the metadata."""
    ours = {
        path.relative_to(wing).as_posix()
        for wing in WINGS
        for path in (wing / "sensorium").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == ours
    assert "sensorium/imagebind/vocabulary/bpe_simple_vocab_16e6.txt.gz" in packed


def test_the_weights_are_in_it_and_their_training_is_not(wheel: zipfile.ZipFile) -> None:
    """Whoever installs it can use sensorium-mini at once, and read where it comes from."""
    names = wheel.namelist()
    files = {name.removeprefix(WEIGHTS) for name in names if name.startswith(WEIGHTS)}
    listed = {entry.file for entry in manifest().files.values()}
    papers = {"MODEL_CARD.md", "ATTRIBUTION.md", "ATTRIBUTION-furniture.md"}
    assert listed | papers | {"manifest.json", "vocab.txt"} <= files
    assert [name for name in names if "training" in Path(name).parts] == []
    assert wheel.filename is not None
    assert Path(wheel.filename).stat().st_size < LARGEST_WHEEL


def test_the_samples_are_in_it(wheel: zipfile.ZipFile) -> None:
    """`sensorium demo` finds every sample where the package is, and where each comes from."""
    there = {path.name: path.read_bytes() for path in (FOLDER).iterdir()}
    packed = {name.removeprefix(SAMPLES) for name in wheel.namelist() if name.startswith(SAMPLES)}
    assert packed == there.keys()
    assert {name for name in packed if wheel.read(SAMPLES + name) != there[name]} == set()
    assert "ATTRIBUTION.md" in packed


def test_licences_travel_with_the_data(wheel: zipfile.ZipFile) -> None:
    """LICENSE, NOTICE and the vocabulary's own licence are in the wheel."""
    names = {Path(name).as_posix().partition(".dist-info/")[2] for name in wheel.namelist()}
    assert {"licenses/LICENSE", "licenses/NOTICE"} <= names
    assert b"OpenAI" in wheel.read("sensorium/imagebind/vocabulary/LICENSE")
    [notice] = [name for name in wheel.namelist() if name.endswith("licenses/NOTICE")]
    assert b"all-MiniLM-L6-v2" in wheel.read(notice)
    assert b"ODbL" in wheel.read(f"{WEIGHTS}ATTRIBUTION.md")


def test_installed_copies_are_typed(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """A type checker sees through `sensorium.errors` and the sub-packages of a built wheel."""
    site = tmp_path / "site"
    wheel.extractall(site)
    for package in ("", "percepts", "encoders", "imagebind", "mini", "qdrant", "memory", "cli"):
        assert (site / "sensorium" / package / "py.typed").exists()


def test_the_metadata_offers_the_extras_and_the_encoder(wheel: zipfile.ZipFile) -> None:
    """The extras, the command and the encoder's entry point are declared."""
    [metadata] = [name for name in wheel.namelist() if name.endswith("METADATA")]
    text = wheel.read(metadata).decode()
    for extra in (
        "bags",
        "langchain",
        "llama-index",
        "langgraph",
        "mcp",
        "few-shot",
        "server",
        "all",
        "dev",
    ):
        assert f"Provides-Extra: {extra}" in text
    [points] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert b"imagebind-huge = sensorium.imagebind:open_huge" in wheel.read(points)
    assert b"sensorium-mini = sensorium.mini:open_mini" in wheel.read(points)
    assert b"sensorium = sensorium.cli:app" in wheel.read(points)
