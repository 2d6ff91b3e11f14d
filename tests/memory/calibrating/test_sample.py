"""The sample of a collection, and its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.unrelated import (
    sampled,
)

from sensorium.memory.calibrating.sample import Sample


def test_a_sample_survives_its_file(tmp_path: Path) -> None:
    """Counts come back as they were, rows to the precision of float16."""
    sample = sampled(20, np.random.default_rng(22), "audio", "imu")
    sample = Sample(sample.rows, {**sample.counts, "depth": 3}, 45, shares={"audio": 7.5})
    sample.save(tmp_path / "sample.npz")
    read = Sample.load(tmp_path / "sample.npz")
    assert read is not None
    assert read.counts == sample.counts
    assert read.shares == {"audio": 7.5}
    assert read.total == 45
    for modality, rows in sample.rows.items():
        np.testing.assert_allclose(read.rows[modality], rows, atol=1e-3)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.npz"]


def test_a_damaged_sample_is_not_read(tmp_path: Path) -> None:
    """Missing, truncated, pickled or foreign files are not believed."""
    path = tmp_path / "sample.npz"
    assert Sample.load(path) is None
    sampled(5, np.random.default_rng(23), "audio").save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole), 101):
        path.write_bytes(whole[:end])
        assert Sample.load(path) is None
    np.savez(path, numbers=np.array([{"audio": 1}], dtype=object))
    assert Sample.load(path) is None
    np.save(path.with_suffix(".npy"), np.ones(3))
    assert Sample.load(path.with_suffix(".npy")) is None


def test_a_flipped_bit_is_never_believed(tmp_path: Path) -> None:
    """Whatever byte of the file is wrong, what is read is the sample or nothing."""
    path = tmp_path / "sample.npz"
    rows = np.eye(2, 8, dtype=np.float32)
    Sample({"audio": rows}, {"audio": 2}, 15).save(path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 8]) + whole[place + 1 :])
        read = Sample.load(path)
        if read is not None:
            assert read.counts == {"audio": 2}
            assert read.total == 15
            assert all(np.array_equal(found, rows) for found in read.rows.values())


@pytest.mark.parametrize(
    "bad",
    [
        Sample({"audio": np.full((3, 8), np.nan, np.float32)}, {"audio": 3}),
        Sample({"audio": np.ones((3, 8), np.float32)}, {"audio": 3}),
        Sample({"audio": np.eye(1, 8, dtype=np.float32)}, {"audio": -3}),
        Sample({"audio": np.eye(1, 8, dtype=np.float32)}, {"audio": 3}, -1),
        Sample({"audio": np.eye(1, 8, dtype=np.float32)}, {"audio": 3}, shares={"audio": 0.5}),
        Sample(
            {"audio": np.eye(1, 8, dtype=np.float32), "imu": np.eye(1, 9, dtype=np.float32)},
            {"audio": 3, "imu": 3},
        ),
    ],
    ids=[
        "nan",
        "not unit",
        "negative count",
        "negative total",
        "less than a row",
        "two dimensions",
    ],
)
def test_an_impossible_sample_is_not_read(bad: Sample, tmp_path: Path) -> None:
    """A file whose numbers no sample can have is not believed, though it can be read."""
    bad.save(tmp_path / "sample.npz")
    assert Sample.load(tmp_path / "sample.npz") is None


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where the file cannot be put in its place, the error is told and no litter stays."""
    place = tmp_path / "sample.npz"
    (place / "occupied").mkdir(parents=True)
    with pytest.raises(OSError, match=r"sample\.npz"):
        sampled(2, np.random.default_rng(24), "audio").save(place)
    assert [path.name for path in tmp_path.iterdir()] == ["sample.npz"]
