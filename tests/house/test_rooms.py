"""The rooms of the memory stand in one order, and look only at those below them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

MEMORY = ROOT / "integrations" / "sensorium" / "memory"
# Each room, a file or a folder, may import itself and those before it.
ROOMS = [
    *(
        "threads",
        "certainty",
        "records",
        "receipts",
        "telemetry",
        "checks",
        "lengths",
        "closing",
        "filters",
        "times",
        "layout",
        "media",
        "recipe",
        "elsewhere",
        "temporary_folders",
        "place",
        "sharing",
        "shelf",
        "places",
        "holding",
    ),
    *(
        "calibrating",
        "recalling",
        "chronology",
        "episodes",
        "writing",
        "digesting",
        "streams",
        "moving",
        "watching",
        "memory",
        "asynchronous",
    ),
]
# Asking and writing know nothing of each other, nor do streams and moving.
APART = {"writing": {"recalling"}, "streams": {"recalling"}, "moving": {"recalling", "streams"}}


def room_of(path: Path) -> str:
    return path.relative_to(MEMORY).parts[0].removesuffix(".py")


def neighbours(path: Path) -> set[str]:
    """The rooms of the memory that a file imports from."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sensorium.memory"):
            parts = (node.module or "").split(".")[2:]
            assert parts, f"{path} imports from the face of its own package"
            rooms.add(parts[0])
    return rooms - {room_of(path)}


FILES = [path for path in sorted(MEMORY.rglob("*.py")) if path != MEMORY / "__init__.py"]


def test_every_room_has_its_place() -> None:
    """A new room is entered into the order above."""
    assert {room_of(path) for path in FILES} == set(ROOMS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MEMORY)))
def test_rooms_look_down_only(path: Path) -> None:
    """No file imports a room that stands above its own, nor one it is kept apart from."""
    own = room_of(path)
    for room in neighbours(path):
        assert ROOMS.index(room) < ROOMS.index(own), f"{path.name} imports memory.{room}"
        assert room not in APART.get(own, set()), f"{path.name} imports memory.{room}"
