"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from sensorium.cli import app
from sensorium.samples import FOLDER

MEDIA = FOLDER
DOG, BARK, MUG = (MEDIA / name for name in ("photo_dog.jpg", "sound_dog_bark.ogg", "depth_mug.png"))


def run(*arguments: str | Path, code: int = 0, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result


def run_json(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(run(*arguments, "--json", code=code).stdout)
    return record


def texts() -> list[str]:
    """The texts that are remembered, oldest first."""
    return [record["text"] for record in run_json("timeline", "--oldest-first")["records"]]


def remembered(*arguments: str | Path) -> str:
    """Remember one thing and return its id."""
    [record] = run_json("remember", *arguments)["records"]
    return str(record["id"])
