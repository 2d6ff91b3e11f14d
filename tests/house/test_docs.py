"""What the documents show is what happens."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from docs.signatures import filled
from tests.support.first_minute import first_block
from tests.support.golden_files import ROOT

from sensorium.cli import app
from sensorium.percepts import Percept

DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
DOCUMENTS += sorted((ROOT / "docs").glob("*.md"))
BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)
SHELL = re.compile(r"```bash\n(.*?)```", re.DOTALL)
OUT_OF_REACH = [
    code
    for document in DOCUMENTS
    for code in re.findall(r"```py\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
]
COMMANDS = [
    line
    for document in DOCUMENTS
    for block in SHELL.findall(document.read_text(encoding="utf-8"))
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("sensorium ") and "[OPTIONS]" not in line  # what --help prints
]
EXAMPLES = [
    pytest.param(code, output, id=f"{document.name}-{number}")
    for document in DOCUMENTS
    for number, (code, output) in enumerate(BLOCK.findall(document.read_text(encoding="utf-8")))
]
SHOWN = [
    *(pytest.param(block.values[0], id=block.id) for block in EXAMPLES),
    *(
        pytest.param(path.read_text(encoding="utf-8"), id=path.name)
        for path in sorted((ROOT / "examples").glob("*.py"))
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("code", "output"), EXAMPLES)
def test_examples_run_and_print_what_they_show(
    code: str,
    output: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each Python block runs by itself; the text block after it is its output."""
    # A block may add a sense, and other tests of this process may have added theirs.
    own = {k: v for k, v in Percept.modalities.items() if v.__module__.startswith("sensorium.")}
    monkeypatch.setattr(Percept, "modalities", own)
    exec(compile(code, "example", "exec"), {"__name__": "example"})
    if output:
        assert capsys.readouterr().out == output


@pytest.mark.parametrize("code", SHOWN)
def test_what_runs_here_needs_no_torch(code: str) -> None:
    """Whoever installed the package without extras can run the blocks and programs shown."""
    imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", code, re.MULTILINE)
    assert not [name for name in imported if name.startswith(("torch", "sensorium.imagebind"))]


@pytest.mark.parametrize("code", OUT_OF_REACH)
def test_what_cannot_run_here_is_still_python(code: str) -> None:
    """A block that needs weights or a server compiles, and what it imports is there."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module or "")
            assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_understood(line: str) -> None:
    """Commands, options and the kinds of their values exist as they are written."""
    command: Any = typer.main.get_command(app)
    words = shlex.split(line, comments=True)[1:]
    context = command.make_context("sensorium", words)
    while hasattr(command, "resolve_command"):
        words = [*context._protected_args, *context.args]
        name, command, words = command.resolve_command(context, words)
        context = command.make_context(name, words, parent=context)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document names a file of the repository."""
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


def test_the_readme_shows_output_early() -> None:
    """What it is, how to install it, eight lines of code and their output fit 40 lines."""
    head = "\n".join((ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:40])
    assert "pip install sensorium" in head
    assert head.count("```") >= 6  # install, code and output, each ended
    code, output = first_block(head)
    assert len([line for line in code.splitlines() if line.strip()]) == 8
    assert len(output.splitlines()) == 3


def test_the_first_block_needs_no_clone() -> None:
    """It names no file, so that it runs wherever the package is installed."""
    code, _ = first_block((ROOT / "README.md").read_text(encoding="utf-8"))
    assert "/" not in code


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tables_of_arguments_are_those_of_the_code(document: Path) -> None:
    """`make docs` fills them from signatures and docstrings; a stale one is an error."""
    text = document.read_text(encoding="utf-8")
    assert text == filled(text), "run: make docs"


@pytest.mark.slow
def test_the_example_prints_every_sense(capsys: pytest.CaptureFixture[str]) -> None:
    """`examples/six_senses.py` encodes all seven percepts to unit vectors."""
    runpy.run_path(str(ROOT / "examples" / "six_senses.py"), run_name="__main__")
    printed = capsys.readouterr().out
    for sense in ("text", "image", "video", "audio", "depth", "thermal", "imu"):
        assert re.search(rf"{sense} .*1\.000", printed), sense
    assert "one mixed batch: (7, 512) float32" in printed
