"""The files of the page, which lie in this package."""

from __future__ import annotations

from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

CACHED = "no-cache"  # kept by browsers, which ask each time whether it is still the same


class StaticPages(StaticFiles):
    """A folder of files; `index.html` is what its own address shows. No link leads out of it."""

    def __init__(self, folder: Path) -> None:
        """Answer with the files of a folder."""
        super().__init__(directory=folder, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a WebSocket is closed."""
        if scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file, or that the browser has it already."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["Cache-Control"] = CACHED
        return answer
