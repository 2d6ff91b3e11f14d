"""A web application whose workers share one memory, which is opened before they are forked.

gunicorn --preload --workers 4 --chdir examples web_app:application

curl -d "the ferry leaves at nine" http://127.0.0.1:8000/
curl "http://127.0.0.1:8000/?when+does+the+boat+go"
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_plus

from sensorium.memory import Memory

memory = Memory.open(os.environ.get("SENSORIUM_MEMORY", "~/.sensorium"), owner="web")


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] == "POST":
        text = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        done = memory.remember(text=text)
        answer: Any = {"remembered": done.id}
    else:
        hits = memory.recall(unquote_plus(environ["QUERY_STRING"]), limit=5)
        answer = [{"text": hit.record.text, "score": round(hit.score, 3)} for hit in hits]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
