"""Chats as messengers export them: messages in stretches, each of the time of its first one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from sensorium.percepts.percept import Percept
from sensorium.sources.documents.chat_files import missing_files
from sensorium.sources.documents.messages import Message
from sensorium.sources.documents.parts import GENERAL, TEXT, Part, as_percepts
from sensorium.sources.documents.telegram import is_json_chat, json_messages
from sensorium.sources.documents.whatsapp import is_whatsapp, whatsapp_messages
from sensorium.sources.reader import check_options

PAUSE = timedelta(hours=1)  # without a message, which ends a stretch
LETTERS = 2_000  # of a stretch: a few windows of the encoder


class ChatReader:
    """Reads the export of a chat of WhatsApp (text), Telegram or Messenger (JSON)."""

    options = (*GENERAL, "encoding", "date_order")
    modalities = TEXT

    def matches(self, path: Path, head: bytes) -> bool:
        """Return whether its first lines are those of such an export."""
        return is_whatsapp(path, head) or is_json_chat(path, head)

    def read(self, path: Path, options: Mapping[str, Any]) -> Iterator[Percept]:
        """Yield the messages in stretches.

        Raises:
            PerceptFormatError: An option is unknown.
            PerceptValueError: `date_order` is neither "dmy" nor "mdy".
            MediaDecodeError: It is damaged, or nothing tells its encoding.
            EmptyPerceptError: There are no messages in it.
        """
        check_options(options, self.options, f"the chat {str(path)!r}")
        return as_percepts(_parts(path, options), path, options)


def messages_in(path: Path, options: Mapping[str, Any]) -> tuple[Iterator[Message], dict[str, Any]]:
    """Return the messages of an export, and what is said of how they were read.

    Raises:
        PerceptError: As of `ChatReader.read`.
    """
    if path.suffix.lower() == ".json":
        return json_messages(path, options)
    return whatsapp_messages(path, options)


def _parts(path: Path, options: Mapping[str, Any]) -> Iterator[Part]:
    messages, reading = messages_in(path, options)
    for first, held in _stretches(messages):
        last = held[-1].at
        missing = sum(missing_files(path, each) for each in held)
        told = {
            "messages": [first, first + len(held) - 1],
            **({"until": last.isoformat()} if last else {}),
            **({"files_missing": missing} if missing else {}),
            **reading,
        }
        text = "\n".join(f"{each.sender}: {each.text}" for each in held)
        yield Part(text, f"message={first}", told, held[0].at)


def _stretches(messages: Iterable[Message]) -> Iterator[tuple[int, list[Message]]]:
    """Yield messages that belong together, with the number of the first, from 1."""
    held: list[Message] = []
    letters, first = 0, 1
    for number, message in enumerate(messages, start=1):
        before = held[-1] if held else None
        paused = before and before.at and message.at and message.at - before.at > PAUSE
        other = before and before.chat != message.chat
        if before and (paused or other or letters + len(message.text) > LETTERS):
            yield first, held
            held, letters, first = [], 0, number
        held.append(message)
        letters += len(message.sender) + len(message.text)
    if held:
        yield first, held
