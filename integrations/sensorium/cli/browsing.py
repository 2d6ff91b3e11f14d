"""Opening a page in the browser of this machine, without telling its link to other users of it."""

from __future__ import annotations

import atexit
import html
import os
import tempfile
import threading
import webbrowser
from contextlib import suppress
from pathlib import Path

PAGE = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}">
<title>Sensorium</title>
<a href="{link}">Open the page</a>
"""


def open_in_browser(link: str) -> None:
    """Open a link that signs in.

    The command line of a browser can be read by every user of the machine, so it names a file that
    only this user can read, and that leads to the link. The file is removed when this process ends.

    Args:
        link: Address, which may hold a secret.
    """
    descriptor, name = tempfile.mkstemp(prefix="sensorium-", suffix=".html")  # mode 0600
    file = Path(name)
    atexit.register(_remove, file)
    with os.fdopen(descriptor, "w", encoding="utf-8") as written:
        written.write(PAGE.format(link=html.escape(link)))
    # A browser of the terminal would keep this thread
    threading.Thread(target=webbrowser.open, args=[file.as_uri()], daemon=True).start()


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()
