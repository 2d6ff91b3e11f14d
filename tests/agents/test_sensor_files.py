"""Sensor files that a model names by their paths, through the tools of an agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.tools import ToolException
from tests.support.flir_files import CELSIUS, NEAR, file_of
from tests.support.motions import COLUMNS, planted
from tests.support.recorded_folders import euroc

from sensorium.langchain import memory_tools
from sensorium.memory import Memory
from sensorium.percepts import IMU, Depth, Percept, Thermal

EPOCH = 1_698_501_144
AT = datetime.fromtimestamp(EPOCH, timezone.utc)
UNITS = {"accel": "m/s^2", "gyro": "rad/s"}


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="rex") as memory:
        yield memory


def remembered(memory: Memory, root: Path, **signal: Any) -> Percept:
    """Call the tool as a model does; return what is kept."""
    remember, _ = memory_tools(memory, roots=[root])
    remember.handle_tool_error = False
    remember.invoke({"media": [signal]})
    [percept] = memory.percepts(memory.timeline(limit=1)[0])
    return percept


def write_motion(path: Path, names: tuple[str, ...] = COLUMNS) -> None:
    columns = [EPOCH + np.arange(300) / 100, *planted(300).T]
    rows = "\n".join(",".join(f"{each:.12g}" for each in row) for row in np.stack(columns, 1))
    path.write_text(",".join(["epoch (s)", *names]) + "\n" + rows)


def test_a_table_of_motion(memory: Memory, tmp_path: Path) -> None:
    """By its columns, or by those that the model names; its times date the record."""
    write_motion(tmp_path / "walk.csv")
    motion = remembered(memory, tmp_path, path="walk.csv", modality="imu", units=UNITS)
    assert isinstance(motion, IMU)
    np.testing.assert_allclose(motion.samples, planted(300), rtol=1e-5, atol=1e-6)
    assert memory.timeline(limit=1)[0].at == AT
    write_motion(tmp_path / "odd.csv", ("u", "v", "w", "p", "q", "r"))
    columns = {"accel": ["u", "v", "w"], "gyro": ["p", "q", "r"], "time": 0}
    units = {**UNITS, "columns": columns, "time_unit": "s"}
    odd = remembered(memory, tmp_path, path="odd.csv", modality="imu", units=units)
    assert isinstance(odd, IMU)
    np.testing.assert_allclose(odd.samples, planted(300), rtol=1e-5, atol=1e-6)


def test_files_of_heat_and_depth(memory: Memory, tmp_path: Path) -> None:
    """FLIR's JPEG as temperatures; an array of metres."""
    (tmp_path / "heat.jpg").write_bytes(file_of(NEAR))
    heat = remembered(
        memory, tmp_path, path="heat.jpg", modality="thermal", units={"unit": "celsius"}
    )
    assert isinstance(heat, Thermal)
    low, high = heat.range()
    assert CELSIUS.min() - 0.5 <= low < high <= CELSIUS.max() + 0.5
    metres = np.linspace(1, 2, 24, dtype=np.float32).reshape(4, 6)
    np.save(tmp_path / "depth.npy", metres)
    depth = remembered(
        memory, tmp_path, path="depth.npy", modality="depth", units={"unit": "m", "fx": 525}
    )
    assert isinstance(depth, Depth)
    np.testing.assert_allclose(depth.metres(), metres, rtol=1e-6)


def test_a_recording_is_not_one_memory(memory: Memory, tmp_path: Path) -> None:
    """The model is told how it goes in whole; one sensor of it is one memory."""
    euroc(tmp_path / "run", planted(400))
    with pytest.raises(ToolException, match=r"many observations.*sensorium remember"):
        remembered(memory, tmp_path, path="run")
    motion = remembered(memory, tmp_path, path="run", modality="imu")
    assert isinstance(motion, IMU)
    assert len(motion.samples) == 400
