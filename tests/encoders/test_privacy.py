"""Libraries that encoders run on report nothing, and a forked child ends as any process does."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from sensorium.encoders.privacy import REPORTING_OFF

PATIENCE = 60.0  # seconds for a process that takes two
ENCODED = """
from sensorium.encoders import load_encoder
from sensorium.percepts import Text
load_encoder("sensorium-mini").embed([Text("a dog barks")])
"""
CHECKED = "from sensorium.cli import app; app(['doctor', '--json'], standalone_mode=False)"
LOADED = {
    "an encoder": ENCODED,
    "the doctor": CHECKED,
    "words in pictures": "import sensorium.enrich.picture_reader, rapidocr, onnxruntime",
    "spoken words": "import sensorium.enrich.speech_listener, faster_whisper, onnxruntime",
}
NEEDED = {"words in pictures": "rapidocr", "spoken words": "faster_whisper"}
FORKED = """
import os, sys
child = os.fork()
if child:
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))
"""


def ended(code: str, home: Path, **said: str) -> subprocess.CompletedProcess[str]:
    """Run a program as somebody who has set nothing, and wait until it has ended.

    A CI's variable, or that of a test run, would keep onnxruntime from reporting.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**kept, "HOME": str(home), **said},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("what", LOADED)
def test_no_library_prepares_a_report(what: str, tmp_path: Path) -> None:
    """onnxruntime would keep the id of the machine, and what it has not sent, in the home."""
    if what in NEEDED and find_spec(NEEDED[what]) is None:
        pytest.skip(f"needs {NEEDED[what]}")
    done = ended(LOADED[what], tmp_path)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*onnxruntime*")) == []


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("again", ["", ENCODED], ids=["idle", "encoding"])
def test_a_forked_child_of_an_encoder_ends_by_itself(again: str, tmp_path: Path) -> None:
    """As the workers of a web server do, which run what is registered for their end."""
    done = ended(ENCODED + FORKED + again, tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_the_environment_says_stays(tmp_path: Path) -> None:
    """Who wants to report says so."""
    name = next(iter(REPORTING_OFF))
    code = f"import os, sensorium.encoders; print(os.environ[{name!r}])"
    assert ended(code, tmp_path, **{name: "0"}).stdout == "0\n"
    assert ended(code, tmp_path).stdout == "1\n"
