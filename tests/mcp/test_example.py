"""The example of an MCP client: what it prints."""

from __future__ import annotations

import re
import runpy

import pytest
from tests.support.golden_files import ROOT


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.allow_hosts(["127.0.0.1"])
def test_a_desk_keeps_its_users_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """Over HTTP: it recalls words, a picture and a sound, corrects one and forgets two."""
    runpy.run_path(str(ROOT / "examples" / "mcp_support.py"), run_name="__main__")
    told = dict(re.findall(r"^(\w+[^:]+): (.*)$", capsys.readouterr().out, re.MULTILINE))
    assert '"the parcel goes to 5 Elm Street"' in told["ada, where does the parcel go?"]
    assert "matched: image" in told["ada, a puppy"]
    assert "matched: audio" in told["ada, waves on a beach"]
    assert '"the parcel goes to 5 Oak Road"' in told["bob, where does the parcel go?"]
    for question in ("bob, a puppy", "bob, waves on a beach"):
        assert "Oak Road" in told[question]
        assert "probably unrelated" in told[question]
    assert "7 Elm Street" in told["ada corrected"]
    assert "7 Oak Road" in told["bob corrected"]
    assert (told["ada forgot"], told["bob forgot"]) == ("forgot 2 memories", "forgot 0 memories")
    assert told["ada has left"] == told["bob has left"] == "1 memory"
