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
