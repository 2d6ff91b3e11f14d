"""Laws of maps that a memory keeps: the file is opened again as it was read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sensorium.memory import Memory
from sensorium.percepts import Depth

ROWS, COLUMNS = np.mgrid[0:20, 0:30]
MM = (1200 + 30 * ROWS + 7 * COLUMNS).astype(np.uint16)


def test_a_kept_map_is_read_as_it_was(tmp_path: Path) -> None:
    """Bare numbers with bits, holes and frames have the same depth after reopening."""
    MM[3, 4] = 65_535
    path = tmp_path / "frames.raw"
    path.write_bytes(np.stack([MM * 0, MM]).astype(">u2").tobytes())
    depth = Depth(
        path,
        unit="1/1000",
        fx=40,
        shape=(20, 30),
        dtype=">u2",
        frame=1,
        invalid=65_535,
    )
    stack = Depth(np.stack([MM, MM]), unit="mm", fx=40, frame=1, trust=True)
    np.save(tmp_path / "map.npy", np.where(MM == 65_535, 0, MM)[..., None])
    saved = Depth(tmp_path / "map.npy", unit="mm", fx=40)
    with Memory.open(tmp_path / "memory", owner="me") as memory:
        wanted = {memory.remember(one).id: one.metres() for one in (depth, stack, saved)}
    path.unlink()
    with Memory.open(tmp_path / "memory", owner="me") as memory:
        for name, metres in wanted.items():
            record = memory.get(name)
            assert record is not None
            (kept,) = memory.percepts(record)
            assert isinstance(kept, Depth)
            np.testing.assert_array_equal(kept.metres(), metres)
