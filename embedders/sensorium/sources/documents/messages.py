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
    """

    sender: str
    text: str
    at: datetime | None
    chat: str | None = None
