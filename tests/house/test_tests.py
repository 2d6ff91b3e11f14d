"""Tests can be found: they lie where the source lies, in files that one can read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

WINGS = (ROOT / "embedders" / "sensorium", ROOT / "integrations" / "sensorium")
LONGEST = 500  # lines of a test file
FOLDERS = sorted(
    path.parent.relative_to(wing) for wing in WINGS for path in wing.rglob("__init__.py")
)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_source_folder_has_its_tests(folder: Path) -> None:
    """`sensorium/memory/writing` is tested in `tests/memory/writing`."""
    assert list((ROOT / "tests" / folder).glob("test_*.py")), f"no tests in tests/{folder}"


def test_attacks_are_run_by_name_alone() -> None:
    """`make attack` runs `tests/attack`; no file there is one that pytest would collect."""
    attacks = list((ROOT / "tests" / "attack").rglob("*.py"))
    assert attacks
    assert [path.name for path in attacks if path.name.startswith("test_")] == []
    assert "-m tests.attack" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_no_test_file_is_too_long_to_read() -> None:
    """A longer one holds the tests of two things."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "tests").rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_tests_lie_in_folders() -> None:
    """What stands directly in `tests/` belongs to all of them."""
    assert {path.name for path in (ROOT / "tests").glob("*.py")} == {"__init__.py", "conftest.py"}
