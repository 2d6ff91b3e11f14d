"""Files as percepts: the units that only the caller knows."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from tests.support.command_line import MUG, run

from sensorium.cli.advice import as_options
from sensorium.cli.files import find_files, read_file
from sensorium.cli.units import Units
from sensorium.errors import UnitError
from sensorium.memory import Memory
from sensorium.percepts import IMU, Depth, Thermal


def test_units_reach_the_percept(tmp_path: Path) -> None:
    """Numbers are read, and a percept gets only the units of its modality."""
    path = tmp_path / "walk.csv"
    with path.open("w", newline="") as file:
        rows: list[list[Any]] = [["ax", "ay", "az", "gx", "gy", "gz"], *[[0, 0, 1, 0, 0, 0]] * 100]
        csv.writer(file).writerows(rows)
    given = Units(accel="g", gyro="deg/s", rate=50, unit="mm", fx="525")
    assert read_file(path, given).duration == pytest.approx(2, abs=0.05)
    assert read_file(MUG, given, modality="depth").units["fx"] == 525.0
    with pytest.raises(UnitError, match="gyro="):
        read_file(path, Units(accel="g"))


def test_a_remedy_is_written_in_options() -> None:
    """Arguments of Python become options; what is no option stays as it is."""
    assert as_options('pass bits="swapped", or trust=True') == 'pass --bits "swapped", or --trust'
    assert as_options('pass unit="kelvin", scale=0.01') == 'pass --unit "kelvin" --scale 0.01'
    assert as_options("write shape=(480, 640), dtype=") == "write --shape 480x640 --dtype"
    assert as_options('pass date_order="dmy", or time_unit="ms"') == (
        'pass --date-order "dmy", or --time-unit "ms"'
    )
    assert as_options("palette=... or baseline=0.1") == "--palette... or baseline=0.1"


DEPTH = (1500 + 20 * np.mgrid[0:20, 0:30][0] + 7 * np.mgrid[0:20, 0:30][1]).astype(np.uint16)
HOLES = np.eye(20, 30, dtype=bool)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stored", "option"),
    [
        (DEPTH * np.uint16(8), ["--bits", "sun-rgbd"]),
        (DEPTH | np.uint16(0xE000), ["--bits", "13"]),
        (np.where(HOLES, np.uint16(65_535), DEPTH), ["--invalid", "65535"]),
    ],
)
def test_following_a_remedy_reads_the_file(
    stored: np.ndarray, option: list[str], tmp_path: Path, home: Path
) -> None:
    """The option that an error names makes the planted millimetres of a file."""
    path = tmp_path / "depth.png"
    PIL.Image.fromarray(stored).save(path)
    command: list[str | Path] = ["remember", path, "--as", "depth", "--unit", "mm", "--fx", "60"]
    refused = run(*command, code=1)
    found = re.search(r'pass (--\w+) "?([\w-]+)', refused.stderr)
    assert found
    assert [found[1], found[2]] == option
    run(*command, *option)
    with Memory.open(home, owner="me") as memory:
        [percept] = memory.percepts(memory.timeline(limit=1)[0])
    assert isinstance(percept, Depth)
    wanted = np.where(HOLES & (stored == 65_535), np.nan, DEPTH / 1000)
    np.testing.assert_allclose(percept.metres(), wanted, rtol=1e-6)


def test_options_of_files_without_a_header(tmp_path: Path) -> None:
    """Shape, type, frame, scale and trust of bare numbers reach the percept."""
    kelvin = (np.arange(600.0).reshape(20, 30) / 50 + 290) * 100
    path = tmp_path / "0.raw"
    path.write_bytes(np.stack([kelvin * 0, kelvin]).round().astype(">u2").tobytes())
    options = ["--unit", "kelvin", "--scale", "1/100", "--shape", "20x30", "--dtype", ">u2"]
    run("remember", path, "--as", "thermal", *options, "--frame", "1")
    units = Units(unit="kelvin", scale="0.01", shape="20x30", dtype=">u2", frame="1", trust=True)
    heat = read_file(path, units, modality="thermal")
    assert isinstance(heat, Thermal)
    assert heat.units["trust"]
    assert heat.range() == pytest.approx((17, 28.7), abs=0.3)
    dataset = Units(unit="m", fx="60", dataset="0")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("0", "1"):
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, np.ones((3, 4)))
    assert read_file(tmp_path / "a.npz", dataset, modality="depth").units["dataset"] == "0"


def test_tables_of_every_name_are_found_where_the_modality_is_said(tmp_path: Path) -> None:
    """Words, empty files and other archives are not; without `--as`, a text is a text."""
    rows = "".join(f"{i},1,2,9,0,0,0\n" for i in range(50))
    for name in ("a.tsv", "b.txt", "c.log", "d.csv"):
        (tmp_path / name).write_text("ms,ax,ay,az,gx,gy,gz\n" + rows)
    (tmp_path / "e.json").write_text(json.dumps([{"ax": 1, "t": 0}, {"ax": 2, "t": 1}]))
    (tmp_path / "f.txt.gz").write_bytes(gzip.compress((tmp_path / "a.tsv").read_bytes()))
    with zipfile.ZipFile(tmp_path / "g.zip", "w") as archive:
        archive.write(tmp_path / "d.csv", "Accelerometer.csv")
    words = {"words.txt": "Walked by the sea.", "none.txt": "", "package.json": '{"name": "x"}'}
    for name, content in words.items():
        (tmp_path / name).write_text(content)
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.write(tmp_path / "words.txt", "words.txt")
    found, skipped = find_files([tmp_path], modality="imu")
    assert [each.path.name[0] for each in found] == list("abcdefg")
    assert {path.name for path in skipped} == {*words, "letters.zip"}
    found, _ = find_files([tmp_path], modality=None)
    assert {each.path.name for each in found} == {"b.txt", "d.csv", "words.txt", "none.txt"}


def test_a_column_may_say_the_sensor_of_each_row(tmp_path: Path) -> None:
    """`--column sensor=0` parts the rows of one table into its two sensors."""
    path = tmp_path / "rows.csv"
    rows = [f"{s},{i * 10},{x},1,9" for i in range(50) for s, x in (("acc", 2), ("gyro", 3))]
    path.write_text("\n".join(rows))
    said = Units(
        accel="m/s^2",
        gyro="rad/s",
        column=["sensor=0", "accel=2,3,4", "gyro=2,3,4"],
        time_column="1",
        time_unit="ms",
    )
    read = read_file(path, said, modality="imu")
    assert isinstance(read, IMU)
    assert (read.rate, read.samples[0].tolist()) == (100.0, [2, 1, 9, 3, 1, 9])
