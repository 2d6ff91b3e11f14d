from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.bench_data import Oracle, unpack

from sensorium.bench import Report, bench
from sensorium.bench.data import Data

MEASURED = ["recall", "mixed", "abstention", "times", "languages"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages with small files in place of their data."""
    return unpack(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def report(folder: Path) -> Report:
    """What is measured of an encoder that knows the answers."""
    return bench(Oracle(Data(folder)).encoder(), tables=MEASURED, data=folder)
