"""`sensorium show` and `save`: a record, and copies of its signals."""

from __future__ import annotations

from pathlib import Path

from tests.support.command_line import BARK, DOG, remembered, run, run_json


def test_a_record_is_shown_and_its_signal_saved(tmp_path: Path) -> None:
    """All fields, where its file lies, and a copy of it, byte for byte; never over another."""
    name = remembered(DOG, "--text", "with Rex", "--meta", "room=garden")
    shown = run_json("show", name[:8])
    [medium] = [each for each in shown["media"] if each["modality"] == "image"]
    assert Path(medium["path"]).read_bytes() == DOG.read_bytes()
    assert medium["path"] in run("show", name).stdout
    assert "room=garden" in run("show", name).stdout
    run("save", name, tmp_path / "copy.jpg")
    assert (tmp_path / "copy.jpg").read_bytes() == DOG.read_bytes()
    assert "exists already" in run("save", name, tmp_path / "copy.jpg", code=1).stderr
    assert run_json("save", name, tmp_path)["files"] == [str(tmp_path / DOG.name)]
    words = remembered("--text", "buy milk")
    assert run_json("save", words, tmp_path, code=1)["error"]["type"] == "MediaNotFoundError"


def test_several_signals_need_a_folder(tmp_path: Path) -> None:
    """A record of a photo and its sound is saved as two files, by their names."""
    name, _ = (each["id"] for each in run_json("remember", "--together", DOG, BARK)["records"])
    assert "a folder" in run("save", name, tmp_path / "both", code=1).stderr
    (tmp_path / "both").mkdir()
    run("save", name, tmp_path / "both")
    assert {path.name for path in (tmp_path / "both").iterdir()} == {DOG.name, BARK.name}
