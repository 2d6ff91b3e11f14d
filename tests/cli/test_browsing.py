"""`--open` leads a browser to a link that nobody else of the machine can read."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sensorium.cli.browsing import open_in_browser

LINK = "http://127.0.0.1:8000/sign-in?key=a-secret&more=1"
ALONE = f"""
import os, time, webbrowser
from sensorium.cli.browsing import open_in_browser
webbrowser.open = lambda url: os.write(1, url.encode())
open_in_browser({LINK!r})
time.sleep(0.2)
"""


def test_the_browser_is_given_a_file_of_this_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its command line does not have the key; the file does, and only its owner may read it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opened: list[str] = []
    told = threading.Event()

    def browser(url: str) -> bool:
        opened.append(url)
        told.set()
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    open_in_browser(LINK)
    assert told.wait(10)
    assert "secret" not in opened[0]
    file = Path(unquote(urlsplit(opened[0]).path))
    assert file.stat().st_mode & 0o777 == 0o600
    assert 'content="0; url=http://127.0.0.1:8000/sign-in?key=a-secret&amp;more=1"' in (
        file.read_text(encoding="utf-8")
    )


def test_the_file_is_gone_with_the_process() -> None:
    """So that none is left of each start."""
    ran = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("file:///")
    assert not Path(unquote(urlsplit(ran.stdout).path)).exists()
