"""Files that messages of a chat name: those beside its export, each with its message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sensorium.errors import SensoriumError
from sensorium.percepts.capture.capture import Capture
from sensorium.percepts.percept import Percept
from sensorium.sources.documents.messages import Message

# What WhatsApp writes: "IMG-20230405-WA0001.jpg (file attached)" on Android, and on an iPhone
# "<attached: 00000012-PHOTO-2023-04-05-12-30-00.jpg>". The words are of the phone's language.
ANDROID = re.compile(r"\A([^\n/\\]{1,200}\.\w{2,5}) \([^()\n]{3,40}\)(?:\n|\Z)")
IPHONE = re.compile(r"<[^<>:\n]{2,30}: ?([^<>\n/\\:]{1,200}\.\w{2,5})>")
OWN = re.compile(r"(?:[A-Z]{3}-\d{8}-WA\d{4,}|\d{8}-[A-Z]+-\d{4}(?:-\d\d){5})\.\w+")
CHAT = "chat"  # says when a file was sent


def file_in(text: str) -> tuple[tuple[str, ...], str] | None:
    """Return the file that a message of WhatsApp names, and its words without the name."""
    found = ANDROID.search(text) or IPHONE.search(text)
    if found is None:
        return None
    return (found[1],), (text[: found.start()] + text[found.end() :]).strip("\u200e\u200f \n")


def file_beside(chat: Path, name: str) -> Path | None:
    """Return the file that a chat names; `None` if it is missing, or not below the chat's folder.

    Messenger writes paths from the folder of all chats, in which that of the chat is one part.

    Args:
        chat: The export.
        name: Path from its folder, as the export writes it.
    """
    named = PurePosixPath(name)
    if named.is_absolute() or ".." in named.parts or "\0" in name:
        return None
    places = [named]
    if chat.parent.name in named.parts:
        behind = named.parts.index(chat.parent.name) + 1
        places.append(PurePosixPath(*named.parts[behind:]))
    for place in (chat.parent / each for each in places):
        try:
            inside = place.resolve().is_relative_to(chat.parent.resolve())
            if inside and place.is_file():
                return place
        except (OSError, ValueError):
            continue
    return None


def missing_files(chat: Path, message: Message) -> int:
    """Return how many files a message names that are not there.

    Words such as "a.txt (my list)" name one only if it is there, or the name is of the program.
    """
    return sum(
        file_beside(chat, name) is None
        for name in message.files
        if message.surely_file or OWN.fullmatch(name)
    )


def messages_of_files(chat: Path, options: Mapping[str, Any]) -> dict[Path, Message]:
    """Return the files that a chat names and that are there, each with its first message."""
    from sensorium.sources.documents.chats import messages_in

    found: dict[Path, Message] = {}
    try:
        messages, _ = messages_in(chat, options)
        for message in messages:
            for name in message.files:
                if (place := file_beside(chat, name)) is not None:
                    found.setdefault(place, message)
    except SensoriumError:  # it is told when the chat itself is read
        return found
    return found


def sent_in_chat(percept: Percept, message: Message) -> Percept:
    """Return a percept that was sent at the time of a message, with its words.

    Raises:
        PerceptError: The metadata of its file cannot be read.
    """
    words = f"{message.sender}: {message.words}" if message.words else message.sender
    by = CHAT if message.at else None
    return percept.with_capture(Capture(message.at, by, description=words).or_else(percept.capture))
