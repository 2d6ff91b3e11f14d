"""A folder of the files that people have goes in whole, or is accounted for, file by file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.command_line import run, run_json
from tests.support.odd_files import make_folder
from tests.support.odd_files.checking import disagreements
from tests.support.odd_files.odd import Odd


@pytest.fixture
def made(tmp_path: Path) -> list[Odd]:
    return make_folder(tmp_path / "folder")


@pytest.mark.slow
def test_a_folder_of_odd_files_is_accounted_for(tmp_path: Path, made: list[Odd]) -> None:
    """Each file is read, beside another, skipped or failed as it has to be; at its time and place.

    Remembered a second time it brings nothing new, and the text says as much as the JSON.
    """
    folder = tmp_path / "folder"
    done = run_json("remember", folder, code=1)
    stored = run_json("timeline", "--limit", "1000")["records"]
    assert disagreements(made, folder, done, stored) == []
    again = run_json("remember", folder, code=1)
    assert (again["new"], again["replaced"], again["known"]) == (0, 0, done["new"])
    assert again["failed"] == done["failed"]
    text = run("remember", folder, code=1)
    assert f"{sum(done['failed'].values())} failed: " in text.stdout
    assert all(str(each["file"]) in text.output for each in done["failures"])
