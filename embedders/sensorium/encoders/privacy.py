"""What the libraries that we load report to those who make them: nothing.

onnxruntime reports from Linux and macOS, too, since 1.29: each model that is opened, by its name
and digest, and the machine, by an id that it keeps in the home directory (pull request 27379 of
microsoft/onnxruntime). What it learns from the environment holds from its import on. The thread
that reports is missing in a forked child, whose normal end then waits for it, or crashes.

huggingface_hub tells with each download which libraries and versions ask for it.
"""

from __future__ import annotations

import os

REPORTING_OFF = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def keep_private() -> None:
    """Ask libraries that are loaded later to report nothing; what the environment says stays.

    Processes that this one starts inherit it.
    """
    for name, value in REPORTING_OFF.items():
        os.environ.setdefault(name, value)
