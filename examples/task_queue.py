"""Tasks of a Celery queue whose processes share one memory, opened before they are forked.

    celery --workdir examples --app task_queue worker --concurrency 4

    cd examples; python
    >>> from task_queue import recall, remember
    >>> remember.delay("the ferry leaves at nine").get()
    >>> recall.delay("when does the boat go").get()

The broker here is a folder, so that the example needs no server; Celery's documentation names the
brokers for production.
"""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery

from sensorium.memory import Memory

memory = Memory.open(os.environ.get("SENSORIUM_MEMORY", "~/.sensorium"), owner="queue")

folder = Path(os.environ.get("SENSORIUM_QUEUE", "queue")).absolute()
for name in ("messages", "results", "control"):
    (folder / name).mkdir(parents=True, exist_ok=True)
app = Celery("task_queue", broker="filesystem://", backend=f"file://{folder / 'results'}")
app.conf.broker_transport_options = {
    "data_folder_in": str(folder / "messages"),
    "data_folder_out": str(folder / "messages"),
    "control_folder": str(folder / "control"),
}


@app.task
def remember(text: str) -> str:
    """Remember a text, and return the id of its record."""
    return memory.remember(text=text).id


@app.task
def recall(question: str, limit: int = 5) -> list[str]:
    """Return the texts that answer a question, the best first."""
    return [hit.record.text or "" for hit in memory.recall(question, limit=limit)]
