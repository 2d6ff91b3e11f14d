"""Sections of EVALUATION.md, each written by a script of its own."""

from __future__ import annotations

from pathlib import Path


def write_section(file: Path, heading: str, text: str) -> None:
    """Put a section in place of the one with the same heading, or at the end.

    Args:
        file: Markdown file.
        heading: Line of the heading, with its signs: `"## Languages"`.
        text: What stands below it.
    """
    before, found, rest = f"\n{file.read_text(encoding='utf-8')}".partition(f"\n{heading}\n")
    _, following, others = rest.partition("\n## ") if found else ("", "", "")
    ending = f"\n## {others}" if following else ""
    whole = f"{before.rstrip()}\n\n{heading}\n\n{text.rstrip()}\n{ending}"
    file.write_text(whole.lstrip("\n"), encoding="utf-8")
