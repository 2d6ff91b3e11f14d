"""A message of a chat."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class Message(NamedTuple):
    """A message of a chat.

    Attributes:
        sender: Who wrote it.
        text: Its words.
        at: When it was sent; `None` if the export does not tell surely.
        chat: Name of the chat, where an export holds several.
        files: The files that were sent with it, as paths from the folder of the export.
        words: Its words without what the program writes of a file.
        surely_file: Whether a field of the export names the files, and not a line of words.
    """

    sender: str
    text: str
    at: datetime | None
    chat: str | None = None
    files: tuple[str, ...] = ()
    words: str = ""
    surely_file: bool = False
