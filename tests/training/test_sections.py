"""Sections of a Markdown file are written by several scripts, each its own."""

from __future__ import annotations

from pathlib import Path

from training.sections import write_section


def test_a_section_takes_the_place_of_its_earlier_self(tmp_path: Path) -> None:
    """The others stay, in their order; a new one comes last."""
    file = tmp_path / "table.md"
    file.write_text("# Top\n\nfirst\n\n## A\n\nold\n\n### A part\n\n## B\n\nb\n", encoding="utf-8")
    write_section(file, "## A", "new\n")
    write_section(file, "## C", "c")
    text = "# Top\n\nfirst\n\n## A\n\nnew\n\n## B\n\nb\n\n## C\n\nc\n"
    assert file.read_text(encoding="utf-8") == text
    write_section(file, "## C", "c")
    assert file.read_text(encoding="utf-8") == text
