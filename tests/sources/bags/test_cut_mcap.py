"""A recording that was cut off is read as far as it is whole, and is said to be cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.bags import imu_messages, write_bag
from tests.support.motions import motion

from sensorium import sources
from sensorium.errors import MediaDecodeError
from sensorium.percepts import IMU, Percept
from sensorium.sources.bags.cut_mcap import TAIL, CutMcap, is_cut

SAMPLES = motion(8000)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bag(tmp_path_factory.mktemp("whole"), imu_messages(SAMPLES))


def read(path: Path) -> int:
    """Count the samples before the error; they are those written."""
    walks: list[Percept] = []
    with pytest.raises(MediaDecodeError, match=r"its end is missing.*if it was cut off, run: "):
        walks.extend(sources.bag(path, stretch=1000))
    samples = [walk.samples for walk in walks if isinstance(walk, IMU)]
    found = np.concatenate(samples)
    np.testing.assert_array_equal(found, SAMPLES[: len(found)].astype(np.float32))
    return len(found)


def test_whole_files_are_not_cut(recording: Path) -> None:
    """Nor is what is no MCAP at all."""
    assert not is_cut(recording / "run.mcap")
    assert not is_cut(recording / "metadata.yaml")


def test_the_longer_it_is_the_more_is_read(recording: Path, tmp_path: Path) -> None:
    """Up to everything, where only the summary at the end is missing."""
    whole = (recording / "run.mcap").read_bytes()
    path = tmp_path / "run.mcap"
    found = []
    for share in (0.5, 0.8, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        assert is_cut(path)
        found.append(read(path))
    assert 2000 < found[0] < found[1] < found[2] == 8000


def test_zeros_at_the_end_are_no_records(recording: Path, tmp_path: Path) -> None:
    """A file system may have given the file room that was never written."""
    whole = (recording / "run.mcap").read_bytes()
    path, longer = tmp_path / "run.mcap", tmp_path / "longer.mcap"
    path.write_bytes(whole[: len(whole) // 2])
    end = len(CutMcap(path).open().read()) - len(TAIL)  # of the last whole record
    longer.write_bytes(whole[:end] + bytes(5000))
    assert CutMcap(longer).open().read() == CutMcap(path).open().read()
    assert read(longer) > 2000


@pytest.mark.parametrize("described", [True, False])
def test_a_folder_whose_file_was_cut(described: bool, recording: Path, tmp_path: Path) -> None:
    """With or without the metadata that a recorder writes at its end."""
    whole = (recording / "run.mcap").read_bytes()
    (tmp_path / "run.mcap").write_bytes(whole[: len(whole) // 2])
    if described:
        (tmp_path / "metadata.yaml").write_bytes((recording / "metadata.yaml").read_bytes())
    assert read(tmp_path) > 2000
