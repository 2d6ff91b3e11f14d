"""Files as sensors write them are read as what was planted, or refused with something to do."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium import sources
from sensorium.errors import SensoriumError, UnitError
from sensorium.percepts import IMU, Depth, Percept, Thermal
from sensorium.percepts.percept import make_percept

FOLDER = Path(__file__).parent / "cases"
CASES = {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text())}
EXTRAS = {"hypersim": "h5py", "exr": "OpenEXR", "tiff-float16": "tifffile", "mcap": "rosbags"}
OVERLAP = 290  # of 300 rows of two files that both cover
SAME_CELSIUS = 0.15  # degrees: a view has 256 levels
GRAVITY = 9.80665


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    with zipfile.ZipFile(FOLDER / "files.zip") as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    with np.load(FOLDER / "truth.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_right_or_refused(name: str, files: Path, truth: dict[str, Any]) -> None:
    """What comes out is what was planted; where a file may be doubted, an error may say so."""
    case = CASES[name]
    if name in EXTRAS:
        pytest.importorskip(EXTRAS[name])
    paths = [files / each for each in case["files"]]
    wanted = case["truth"]
    percept, refusal = opened(case, paths)
    if refusal is not None:
        assert wanted in ("error", "UnitError", "hole") or wanted.endswith("-error"), refusal
        assert wanted != "UnitError" or isinstance(refusal, UnitError)
        assert refusal.remedy
        return
    assert wanted not in ("error", "UnitError"), "it is accepted"
    assert percept is not None
    assert is_planted(percept, wanted, truth)


def opened(case: dict[str, Any], paths: list[Path]) -> tuple[Percept | None, SensoriumError | None]:
    try:
        percept = _opened(case, paths)
        if isinstance(percept, Depth):
            percept.metres()  # its pixels are read, and checked, only now
    except SensoriumError as error:
        return None, error
    return percept, None


def _opened(case: dict[str, Any], paths: list[Path]) -> Percept:
    arguments = dict(case["arguments"])
    if case["modality"] == "bag":
        [percept] = [each for each in sources.open(paths[0]) if each.modality == "imu"]
        return percept
    if case["modality"] == "imu":
        return IMU(paths[0] if len(paths) == 1 else paths, **arguments)
    return make_percept(case["modality"], paths[0], arguments)


def is_planted(percept: Percept, wanted: str, truth: dict[str, Any]) -> bool:
    if isinstance(percept, IMU):
        return _is_motion(percept, wanted, truth["motion"])
    if isinstance(percept, Depth):
        metres = percept.metres()
        flat, holed = truth["depth"], truth["depth_with_hole"]
        planted = {"depth": flat, "depth.T": flat.T}.get(wanted, holed)
        return wanted == "shape" or _close(metres, planted, 0.012)
    assert isinstance(percept, Thermal)
    view = percept.view()
    values = view.intensity.astype(float) * (view.high - view.low) + view.low
    celsius = truth["celsius"]
    inside = (celsius > view.low) & (celsius < view.high)
    away = np.abs(values - celsius)[inside]
    return bool(inside.mean() > 0.5) and bool(away.max() < SAME_CELSIUS)


def _is_motion(imu: IMU, wanted: str, planted: Any) -> bool:
    samples = imu.samples
    if wanted == "hole":
        return len(samples) == 280 and len(imu.gaps) == 1
    if wanted == "accel-64":
        counts = np.round(planted[:, :3] / GRAVITY * 64) / 64 * GRAVITY
        return _close(samples[:, :3], counts, 0.02) and not samples[:, 3:].any()
    if wanted == "motion[3:]":
        return _close(samples, planted[3:], 0.02)
    count = min(len(samples), len(planted))
    parts = planted[:count], planted[len(planted) - count :]
    return count >= OVERLAP and any(_close(samples[:count], each, 0.03) for each in parts)


def _close(got: Any, planted: Any, tolerance: float) -> bool:
    return got.shape == planted.shape and np.allclose(
        got, planted, atol=tolerance, rtol=1e-3, equal_nan=True
    )
