"""The example of an MCP client: what it prints."""

from __future__ import annotations

import re
import runpy

import pytest
from tests.support.golden_files import ROOT


def test_the_example_recalls_across_senses(capsys: pytest.CaptureFixture[str]) -> None:
    """Words find the sound, the photo and the motion; a sound finds the photo."""
    runpy.run_path(str(ROOT / "examples" / "mcp_client.py"), run_name="__main__")
    printed = capsys.readouterr().out
    kept = re.findall(r"remembered: memory (\S+)", printed)
    recalled = re.findall(r"1\. memory (\S+?), .*matched: (\w+)", printed)
    photo, sound, motion = kept
    assert recalled == [(sound, "audio"), (photo, "image"), (motion, "imu"), (photo, "image")]
    assert printed.count("which the model sees or hears") == 3  # the last find is not sure
    assert "3 memories" in printed
    assert "needed a file below" in printed
