"""Fixtures of the command line: an empty place that commands work on, and somebody who types."""

from __future__ import annotations

import os
import pty
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sensorium.encoders import load_encoder, source

kept_encoder = cache(load_encoder)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty place that every command works on; 80 columns wide."""
    for name in ("SENSORIUM_OWNER", "SENSORIUM_ENCODER", "SENSORIUM_MEDIA", "QDRANT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SENSORIUM_MEMORY", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(source, "load_encoder", kept_encoder)  # its towers stay loaded
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def typist(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as stdin; yields the end at which somebody types."""
    end, slave = pty.openpty()
    with os.fdopen(slave, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield end
    os.close(end)
