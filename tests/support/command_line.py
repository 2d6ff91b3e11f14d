"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from sensorium.cli import app


def run(*arguments: str | Path, code: int = 0, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result


def run_json(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(run(*arguments, "--json", code=code).stdout)
    return record
