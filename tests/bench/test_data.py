"""The data of the benchmark is looked for before anything is measured, every file of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sensorium.bench import Report
from sensorium.bench.data import LICENCES, OURS, Data, items
from sensorium.errors import MissingExtraError

FILES = [(item.package, item.file) for item in items() if item.package != OURS]
FIRST = dict(reversed(FILES))  # the first file of each package


@pytest.mark.parametrize(("package", "file"), sorted(FIRST.items()))
def test_any_missing_file_is_told(package: str, file: str, folder: Path, tmp_path: Path) -> None:
    """By its package, whichever of its files it is."""
    shutil.copytree(folder, tmp_path / "data")
    (tmp_path / "data" / file).unlink()
    with pytest.raises(MissingExtraError, match=f"no data of {package};"):
        Data(tmp_path / "data").check(LICENCES)
    Data(folder).check(LICENCES)


@pytest.mark.slow
def test_a_report_says_what_the_own_encoder_has_seen(report: Report) -> None:
    """It is too good on what it learned, so that the report of it counts that."""
    counts = {kind: sum(item.seen == kind for item in items()) for kind in ("learned", "chosen on")}
    told = report.facts["seen by sensorium-mini"]
    assert told == f"{counts['learned']} learned, {counts['chosen on']} chosen on"
