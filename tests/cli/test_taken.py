"""What `sensorium remember` says it took of files, and which times are theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.command_line import DOG, run, run_json
from tests.support.motions import COLUMNS, planted

from sensorium import sources
from sensorium.percepts import Percept, Text, readers

EPOCH = 1_698_501_144
AT = datetime.fromtimestamp(EPOCH, timezone.utc)
UNITS = ("--accel", "m/s^2", "--gyro", "rad/s")


def write_motion(path: Path, seed: int = 1) -> Path:
    columns = [EPOCH + np.arange(300) / 100, *(planted(300) + seed / 1e4).T]
    rows = "\n".join(",".join(f"{each:.12g}" for each in row) for row in np.stack(columns, 1))
    path.write_text(",".join(["epoch (s)", *COLUMNS]) + "\n" + rows)
    return path


class DoorLog:
    """Reads each line of a file as a text of its own time."""

    options = ("progress",)

    def matches(self, path: Path, head: bytes) -> bool:
        return path.suffix == ".door"

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        sources.check_options(options, self.options, "a door log")
        for line in path.read_text().splitlines():
            time, words = line.split(maxsplit=1)
            yield Text(words, at=datetime.fromisoformat(time), uri=path.as_uri())


@pytest.fixture(autouse=True)
def door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_registered", [DoorLog()])


def test_one_line_says_what_was_taken(tmp_path: Path) -> None:
    """Samples, rate, columns with their units, and the time, which is the record's."""
    path = write_motion(tmp_path / "walk.csv")
    line, *_, dated = run("remember", path, DOG, *UNITS).stdout.splitlines()
    assert line == (
        "walk.csv: motion, 300 samples at 100 Hz, accel ax ay az [m/s^2], gyro gx gy gz [rad/s], "
        f"time epoch (s) [s], at {AT.astimezone():%Y-%m-%d %H:%M}"
    )
    assert dated == "1 dated by the file's own times, 1 by the file's modification time"
    oldest = run_json("timeline", "--oldest-first")["records"][0]
    assert oldest["at"] == AT.isoformat()
    [told] = run_json("remember", path, *UNITS, "--owner", "another")["records"]
    assert told["reading"]["time"] == "epoch (s) [s]"
    assert (told["at"], told["dated_by"]) == (AT.isoformat(), "the file's own times")
    given = run("remember", path, *UNITS, "--at", "2026-01-01").stdout
    assert "dated by" not in given


def test_ten_lines_are_enough(tmp_path: Path) -> None:
    """The others are counted."""
    for number in range(12):
        write_motion(tmp_path / f"{number:02}.csv", number)
    lines = run("remember", tmp_path, *UNITS).stdout.splitlines()
    assert [line[:7] for line in lines[:10]] == [f"{number:02}.csv:" for number in range(10)]
    assert lines[10] == "and 2 more: see --json, or run: sensorium look"


def test_a_reader_of_a_package_is_asked(tmp_path: Path) -> None:
    """In folders, too: its percepts become memories of their own times; look counts them."""
    path = tmp_path / "front.door"
    path.write_text("2026-05-01T08:00:00+00:00 opened\n2026-05-01T08:01:00+00:00 shut\n")
    [seen] = run_json("look", tmp_path)["files"]
    assert seen["parts"]["text"]["count"] == 2
    assert seen["parts"]["text"]["last"] == "2026-05-01T08:01:00+00:00"
    assert run_json("remember", tmp_path, *UNITS)["new"] == 2
    records = run_json("timeline", "--oldest-first")["records"]
    assert [each["at"] for each in records] == [
        "2026-05-01T08:00:00+00:00",
        "2026-05-01T08:01:00+00:00",
    ]
    refused = run("recall", "--image", path, code=1).stderr
    assert "which is none" in refused
