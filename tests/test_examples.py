"""The examples run without network, and say what their samples are and where they come from."""

from __future__ import annotations

import re
import runpy

import pytest
from golden_files import ROOT

MEDIA = ROOT / "examples" / "media"
RIGHT = 28  # of the samples; 30 of 33 when written, two less for other machines' arithmetic


def test_zero_shot_names_most_samples(capsys: pytest.CaptureFixture[str]) -> None:
    """Every sample has a row and a mark; the counts are those of the marks; notes find samples."""
    runpy.run_path(str(ROOT / "examples" / "zero_shot.py"), run_name="__main__")
    printed = capsys.readouterr().out
    marks = re.findall(r"\w+_\w+\.\w+ .* (right|wrong) │", printed)
    [(right, total)] = re.findall(r"^all +(\d+) of (\d+)$", printed, re.MULTILINE)
    assert (int(right), int(total)) == (marks.count("right"), len(marks))
    assert len(marks) == len(list(MEDIA.glob("*_*.*")))
    assert int(right) >= RIGHT
    assert re.search(r"bark at the postman +│ \w+_dog", printed)


def test_every_sample_is_attributed() -> None:
    """`ATTRIBUTION.md` has one row for each file, with source, licence and author."""
    text = (MEDIA / "ATTRIBUTION.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ][2:]
    files = [path.name for path in MEDIA.iterdir() if path.name != "ATTRIBUTION.md"]
    assert sorted(row[0] for row in rows) == sorted(files)
    assert all(len(row) == 6 and all(row) for row in rows)
