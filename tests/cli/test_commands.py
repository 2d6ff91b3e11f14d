"""Commands are imported when they are called, and `--help` knows them without."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from sensorium.cli import app
from sensorium.cli.commands import ENTRIES

RUNNER = CliRunner()
ROOT: Any = get_command(app)


@pytest.mark.parametrize("name", ENTRIES)
def test_the_summary_is_that_of_the_command(name: str) -> None:
    """`sensorium --help` says what the help of the command begins with."""
    command = ROOT.commands[name]
    assert command.name == name
    assert ENTRIES[name].summary == " ".join(command.help.strip().split("\n\n")[0].split())


def test_help_lists_every_command() -> None:
    """Each with the whole of its summary."""
    said = " ".join(RUNNER.invoke(app, ["--help"]).output.split())
    for name, entry in ENTRIES.items():
        assert f"{name} {entry.summary}" in said


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["no-such-command"]])
def test_what_needs_no_command_imports_none(arguments: list[str]) -> None:
    """Neither commands nor what they need; the boxes of an error are rich's."""
    code = (
        "import sys; from sensorium.cli import app\n"
        f"try: app({arguments!r})\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {each for each in done.stderr.split() if each.startswith("sensorium.")}
    assert ours == {"sensorium.cli", "sensorium.cli.main", "sensorium.cli.commands"}
    if "no-such-command" not in arguments:
        assert not {"numpy", "pydantic", "asyncio", "rich"} & set(done.stderr.split())


def test_a_command_imports_no_other() -> None:
    """`sensorium timeline --help` does not load what `remember` or `serve` need."""
    code = (
        "import sys; from sensorium.cli import app\n"
        "try: app(['timeline', '--help'])\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sensorium.cli.listing" in done.stderr.split()
    assert not {"sensorium.cli.remembering", "sensorium.cli.weights"} & set(done.stderr.split())


def test_no_part_offers_to_change_the_shell() -> None:
    """Groups of commands have no options of their own for completion."""
    for name in ("token", "weights"):
        assert "completion" not in RUNNER.invoke(app, [name, "--help"]).output


def test_a_misspelt_command_is_told_the_right_one() -> None:
    """Without importing it."""
    done = RUNNER.invoke(app, ["recal"])
    assert done.exit_code == 2
    assert "recall" in done.output
