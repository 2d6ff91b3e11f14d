"""`sensorium export`, `import` and `promote`: memories elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import DOG, run, run_json


def test_an_export_comes_back_whole(tmp_path: Path) -> None:
    """What was exported can be imported elsewhere, and a memory be copied to another place."""
    run("remember", DOG, "--text", "with Rex")
    assert run_json("export", tmp_path / "out")["records"] == 1
    assert "ExportFormatError" in run("export", tmp_path / "out", code=1).stderr
    assert run_json("import", tmp_path / "out", "--memory", tmp_path / "b")["records"] == 1
    assert run_json("promote", tmp_path / "c")["copied"] == 1
    for place in ("b", "c"):
        [record] = run_json("timeline", "--memory", tmp_path / place)["records"]
        assert record["text"] == "with Rex"


def test_a_backup_comes_back_whole(tmp_path: Path) -> None:
    """The folder with its media, and what is not one is refused."""
    run("remember", DOG, "--text", "with Rex")
    done = run_json("backup", tmp_path / "saved")
    assert done["media_files"] == 1
    assert run_json("restore", tmp_path / "saved", tmp_path / "b")["files"] == done["files"]
    [record] = run_json("timeline", "--memory", tmp_path / "b")["records"]
    assert record["text"] == "with Rex"
    assert "not empty" in run("restore", tmp_path / "saved", tmp_path / "b", code=1).stderr
    assert "StoreFormatError" in run("restore", DOG, tmp_path / "c", code=1).stderr
    assert run("restore", tmp_path / "absent", tmp_path / "c", code=1).stderr
