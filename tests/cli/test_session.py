"""Opening a memory for a command: errors before anything is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.command_line import remembered, run, run_json

from sensorium.encoders import source
from sensorium.memory import Memory

READING = ["recall x", "timeline", "stats", "forget --everything", "sweep", "compact", "export out"]


@pytest.mark.parametrize(
    "wrong",
    [
        *("recall x --ranking best", "recall x --limit 0", "recall x --min-confidence 2"),
        *("recall x --diversity -1", "recall x --half-life 0d", "recall x --weights nan"),
        *("recall x --modality smell", "recall x --where room", "timeline --modality smell"),
        *("timeline --limit 10001", "remember --text x --meta room", "remember x --as smell"),
        *("remember --text x --ttl soon", "remember --text x --tag ", "forget --since soon"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_opened(wrong: str, home: Path) -> None:
    """Exit code 2, the option's name, an error in JSON too; no memory is begun."""
    [option] = [each for each in wrong.split(" ") if each.startswith("--") and each != "--text"]
    assert option in " ".join(run(*wrong.split(" "), code=2).stderr.split())
    error = run_json(*wrong.split(" "), code=2)["error"]
    assert error["type"] == "OptionError"
    assert option in error["came"]
    assert not home.exists()


@pytest.mark.parametrize(
    "wrong",
    ["remember absent.jpg", "remember https://a.org/b.jpg", "import absent", "forget", "recall"],
)
def test_a_wrong_command_begins_no_memory(wrong: str, home: Path) -> None:
    """Missing files and questions are reported before a folder is made."""
    run(*wrong.split(), code=1)
    assert not home.exists()


@pytest.mark.slow
def test_commands_without_vectors_load_no_encoder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing, forgetting and moving work without an encoder, and import no engine of networks."""
    name = remembered("--text", "buy milk", "--tag", "todo")

    def refuse(_: str) -> None:
        raise AssertionError("an encoder was loaded")

    monkeypatch.setattr(source, "load_encoder", refuse)
    for command in ("stats", "timeline", "sweep", "compact", "forget --tag x", f"show {name}"):
        run(*command.split())
    run("update", name, "--tag", "done")
    run("export", tmp_path / "out")
    run("import", tmp_path / "out")
    run("forget", name)
    program = "import sys; from sensorium.cli import app; app(['stats'], standalone_mode=False); "
    code = f"{program} sys.exit(bool({{'torch', 'onnxruntime'}} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("command", READING)
def test_reading_commands_make_no_memory(command: str, home: Path) -> None:
    """A folder that does not exist is probably a typo: an error, and no new folder."""
    assert run_json(*command.split(), code=1)["error"]["type"] == "StoreFormatError"
    assert not home.exists()


@pytest.mark.parametrize(
    "command",
    ["recall", "recall x --image absent.jpg", "remember", "show absent", "import absent"],
)
def test_an_error_is_one_line_that_ends_with_the_remedy(command: str) -> None:
    """On stderr, with nothing on stdout; in JSON the same four fields on stdout."""
    run("remember", "--text", "buy milk")
    result = run(*command.split(), code=1)
    [line] = result.stderr.splitlines()
    fields = run_json(*command.split(), code=1)["error"]
    assert result.stdout == ""
    assert fields.keys() == {"type", "came", "needed", "remedy"}
    assert line.startswith(f"{fields['type']}: ")
    assert line.endswith(fields["remedy"])


def test_an_open_memory_is_not_opened_twice(home: Path) -> None:
    """A memory that another program keeps to itself is reported as locked."""
    with Memory.open(home, owner="me", share=False):
        for command in ("remember --text x", "stats"):
            error = run_json(*command.split(), code=1)["error"]
            assert error["type"] == "StoreLockedError"


def test_an_open_memory_is_joined(home: Path) -> None:
    """What another program has open, the command line uses beside it; doctor names both."""
    with Memory.open(home, owner="me") as memory:
        name = remembered("--text", "buy milk")
        assert memory.get(name).text == "buy milk"
        memory.remember(text="buy bread")
        assert run_json("stats")["records"] == 2


@pytest.mark.slow
def test_a_memory_is_only_read(home: Path, tmp_path: Path) -> None:
    """Though another has it open, and nothing is touched; what would write is one line."""
    name = remembered("--text", "buy milk")
    with Memory.open(home, owner="me"):
        files = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
        for command in ("recall milk", "timeline", "stats", f"show {name}"):
            assert "milk" in run(*command.split(), "--read-only").stdout or command == "stats"
        run("export", tmp_path / "out", "--read-only")
        for command in ("remember --text x", f"forget {name}", "sweep", "compact"):
            error = run_json(*command.split(), "--read-only", code=1)["error"]
            assert error["type"] == "ReadOnlyError"
            assert "--read-only" in error["remedy"]
        assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == files


def test_only_reading_begins_no_memory(home: Path) -> None:
    """Not even by a command that begins one otherwise."""
    error = run_json("remember", "--text", "x", "--read-only", code=1)["error"]
    assert error["type"] == "StoreFormatError"
    assert not home.exists()
