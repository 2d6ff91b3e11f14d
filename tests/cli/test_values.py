"""Values of options, how values are printed, and the documentation of all options."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import typer
from tests.support.golden_files import ROOT
from typer.main import get_command

from sensorium.cli import app, options, values
from sensorium.cli.document import document
from sensorium.cli.tables import span
from sensorium.memory import place
from sensorium.percepts import IMU, Audio, Depth, Image, Percept, Span, Text, Thermal, Video


def test_ages_and_times_are_read() -> None:
    """ISO with and without a zone, Z, and ages; anything else is a wrong option."""
    assert values.parse_age("1.5h", "--x") == timedelta(minutes=90)
    assert values.parse_time("2026-05-01T08:30:00Z", "--x") == datetime(
        2026, 5, 1, 8, 30, tzinfo=timezone.utc
    )
    assert values.parse_time("2026-05-01", "--x") == datetime(2026, 5, 1).astimezone()
    ago = datetime.now(timezone.utc) - values.parse_time("2d", "--x")
    assert abs(ago - timedelta(days=2)) < timedelta(minutes=1)
    for wrong in ("", "yesterday", "7", "d", "9" * 400 + "w"):
        with pytest.raises(typer.BadParameter):
            values.parse_age(wrong, "--x")
        with pytest.raises(typer.BadParameter):
            values.parse_time(wrong, "--x")
    with pytest.raises(typer.BadParameter, match="too long ago"):
        values.time_ago("999999w", "--x")


def test_metadata_is_read() -> None:
    """Numbers and booleans as such, all else as text; a repeated key has several values."""
    pairs = ["a=1", "b=true", "c=1 2", "d=", 'e="1"', "f={}", "a=x", "g=h=i"]
    assert values.parse_metadata(pairs, "--meta") == {
        "a": [1, "x"],
        "b": True,
        "c": "1 2",
        "d": "",
        "e": "1",
        "f": "{}",
        "g": "h=i",
    }
    for wrong in ("a", "=1"):
        with pytest.raises(typer.BadParameter):
            values.parse_metadata([wrong], "--meta")


def test_spans_are_written_for_people() -> None:
    """Minutes and seconds, rounded before they are split; letters of a text; "" for a still."""
    assert span(Span(59.96, 125.04), "audio") == "1:00.0-2:05.0"
    assert span(Span(0, 35), "text") == "0-35"
    assert span(None, "image") == ""


def test_the_default_place_is_the_memorys() -> None:
    """The command line and `Memory.open` mean the same folder."""
    assert options.HOME == place.HOME


def test_help_names_every_modality() -> None:
    """The modalities in help texts, which import no percept, are those of the package."""
    assert set(options.MODALITIES.split(", ")) <= set(Percept.modalities)
    assert {cls.modality for cls in (IMU, Audio, Depth, Image, Text, Thermal, Video)} == set(
        options.MODALITIES.split(", ")
    )


def test_every_command_speaks_json() -> None:
    """Every command has --json, and every option has a help text."""
    root: Any = get_command(app)
    groups = [root, root.commands["weights"], root.commands["token"]]
    commands = [each for group in groups for each in group.commands.values() if each not in groups]
    assert len(commands) > 15
    for command in commands:
        if command.name not in ("mcp", "serve"):  # whose stdout is the protocol's, and a link
            assert any("--json" in each.opts for each in command.params), command.name
        assert all(each.help or each.name in ("help", "out_dir") for each in command.params)


def test_the_document_is_what_help_says() -> None:
    """docs/cli.md is fresh; `make docs` writes it."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == document()
