"""What the documents show is what happens."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from golden_files import ROOT

DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)
EXAMPLES = [
    pytest.param(code, output, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, (code, output) in enumerate(BLOCK.findall(document.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_examples_run_and_print_what_they_show(
    code: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each Python block runs by itself; the text block after it is its output."""
    exec(compile(code, "example", "exec"), {"__name__": "example"})
    if output:
        assert capsys.readouterr().out == output


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document names a file of the repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_readme_shows_output_early() -> None:
    """What it is, how to install, the demo, code and all its output are in the first 60 lines."""
    head = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:60])
    assert "pip install sensorium" in head
    assert "make demo" in head
    assert head.index("```python") < head.index("```text")
    assert head.count("```") == 6  # install, code and output, each ended


def test_the_example_prints_every_sense(capsys: pytest.CaptureFixture[str]) -> None:
    """`examples/six_senses.py` encodes all seven percepts to unit vectors."""
    runpy.run_path(str(ROOT / "examples" / "six_senses.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for sense in ("text", "image", "video", "audio", "depth", "thermal", "imu"):
        assert re.search(rf"{sense} .*1\.000", printed), sense
    assert "one mixed batch: (7, 24) float32" in printed
