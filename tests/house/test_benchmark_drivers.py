"""Drivers of foreign programs leave nothing in the folder that they are called from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.golden_files import ROOT

INSPECTOR = ROOT / "benchmarks" / "mcp_drivers" / "inspector.py"
FAKE = f"""#!{sys.executable}
import json, pathlib, sys
given = json.loads(pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
print(json.dumps({{"tools": [{{"name": given["mcpServers"]["memory"]["command"]}}]}}))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the program is a script with a first line")
def test_the_inspector_writes_nothing_here(tmp_path: Path) -> None:
    """Its configuration names paths of the machine; it is read where it lies, and removed."""
    home, here = tmp_path / "home", tmp_path / "here"
    here.mkdir()
    package = home / "node_modules" / "inspector" / "package.json"
    program = home / "node_modules" / ".bin" / "mcp-inspector"
    for file, text in ((package, '{"version": "9.9"}'), (program, FAKE)):
        file.parent.mkdir(parents=True)
        file.write_text(text)
    program.chmod(0o700)
    server = json.dumps({"command": ["the-server", "mcp"]})
    told = subprocess.run(
        [sys.executable, INSPECTOR, "inspector", home, server],
        input='{"do": "list"}\n',
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == ['"9.9"', '["the-server"]']
    assert list(here.iterdir()) == []
