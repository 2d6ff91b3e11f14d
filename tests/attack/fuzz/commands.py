"""Random command lines, in this process: whatever is typed, no traceback comes of it."""

from __future__ import annotations

import os
import random
from pathlib import Path

from typer.testing import CliRunner

from sensorium.cli import app
from sensorium.encoders import register_encoder
from sensorium.memory import Moment
from tests.attack.fuzz.cases import Case, Maker, attack
from tests.attack.task import Task
from tests.attack.tiny import opened, tiny

COMMANDS = (
    *("recall", "remember", "timeline", "show", "save", "forget", "update", "export", "import"),
    *("promote", "stats", "sweep", "doctor", "compact", "weights", "--help", "x"),
)
OPTIONS = (
    *("--limit", "--since", "--until", "--tag", "--source", "--where", "--json", "--at", "--id"),
    *("--ttl", "--older-than", "--everything", "--yes", "--metadata", "--cursor", "--like"),
    *("--keywords", "--min-confidence", "--half-life", "--modality", "--text", "--media"),
    *("--collection", "--unit", "--fx", "--rate", "--oldest-first", "-n", "-v", "-q", "--owner"),
)
VALUES = (
    *(
        "",
        " ",
        "a",
        "x=1",
        "a=b=c",
        "=",
        "a.b=1",
        "30d",
        "-1",
        "0",
        "1e400",
        "nan",
        "inf",
        "9" * 20,
    ),
    *("2026-07-01", "2026-07-01T12:00:00Z", "2026-13-45", "9999-12-31T23:59:59Z", "0001-01-01"),
    *("/nonexistent", "/dev/null", "/etc", "..", "~", "~nobody/x", "data:image/png;base64,AAAA"),
    *(
        "\ud800",
        "é" * 300,
        "--",
        "-",
        "{}",
        "[",
        '{"a": NaN}',
        "9" * 12 + "d",
        "1y",
        "text",
        "image",
    ),
    *(":memory:", "'\"`$(id)", "%s%n", "[bold]x[/bold]", "[/]", "\x1b[31mred", "note.txt", "hello"),
)
TYPED = ("", "y\n", "hello\n")


def attacking(task: Task) -> None:
    """Type until the time is over."""

    def start(folder: Path) -> Maker:
        os.environ["HOME"] = str(folder)
        os.chdir(folder)
        (folder / "note.txt").write_text("hello", encoding="utf-8")
        register_encoder("attack-tiny", lambda **_: tiny())
        with opened(folder / "memory") as memory:
            memory.remember_many([Moment(text=f"note {i}", id=f"n{i}") for i in range(5)])
        return lambda number: _case(task.dice(number), folder / "memory")

    attack(task, start, what="command lines")


def _case(dice: random.Random, memory: Path) -> Case:
    line = [dice.choice(COMMANDS)]
    for _ in range(dice.randrange(5)):
        if dice.random() < 0.6:
            line.append(dice.choice(OPTIONS))
        if dice.random() < 0.8:
            line.append(dice.choice(VALUES))
    if dice.random() < 0.9:
        line += ["--memory", str(memory), "--encoder", "attack-tiny"]
    typed = dice.choice(TYPED)
    shown = [word for word in line if word != str(memory)]
    return Case(repr(shown)[:200], lambda: _typed(line, typed))


def _typed(line: list[str], typed: str) -> None:
    result = CliRunner().invoke(app, line, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert "Traceback (most" not in result.output, result.output[-300:]
