"""Chats in JSON: what Telegram exports (`result.json`), and Messenger and Instagram."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sensorium.errors import MediaDecodeError, SourceTooLargeError
from sensorium.percepts.limits import MIB
from sensorium.sources.documents.messages import Message
from sensorium.sources.documents.parts import read_text

LARGEST = 512 * MIB  # bytes of an export, which is read whole
TELEGRAM = re.compile(
    rb'"type":\s*"(?:personal_chat|bot_chat|saved_messages|(?:private|public)_(?:super)?group|'
    rb'(?:private|public)_channel)"|"about":\s*"[^"]*Telegram'
)
KINDS = {  # what Messenger lists the files of a message under, in words
    **{"photos": "photo", "videos": "video", "audio_files": "voice message"},
    **{"gifs": "animation", "files": "file"},
}
MESSENGER = re.compile(rb'\A\s*\{\s*"participants":\s*\[\s*\{\s*"name"')


def is_json_chat(path: Path, head: bytes) -> bool:
    """Return whether a file is such an export, by its first bytes."""
    if path.suffix.lower() != ".json":
        return False
    return TELEGRAM.search(head) is not None or MESSENGER.match(head) is not None


def json_messages(
    path: Path, options: Mapping[str, Any]
) -> tuple[Iterator[Message], dict[str, Any]]:
    """Return the messages of an export, and what is said of how they were read.

    Raises:
        SourceTooLargeError: It has more than 512 MiB.
        MediaDecodeError: It is damaged.
    """
    if path.stat().st_size > LARGEST:
        raise SourceTooLargeError(
            f"the chat {path.name!r} of more than {LARGEST} bytes",
            "an export",
            "export it in parts",
        )
    read = read_text(path, options)
    try:
        export = json.loads(read.text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(export, dict):
        raise _damaged(path, "no chat in it")
    messages = _of_messenger(export) if "participants" in export else _of_telegram(export)
    return messages, {"at": "of the first message", **read.reading}


def _of_telegram(export: Mapping[str, Any]) -> Iterator[Message]:
    """Yield the messages of one chat, or of all chats of an account."""
    chats = [export] if "messages" in export else _listed(export.get("chats"))
    for chat in chats:
        name = chat.get("name")
        for each in _dicts(chat.get("messages")):
            words = _text(each.get("text"))
            text, file = words or _medium(each), each.get("photo") or each.get("file")
            if each.get("type") == "message" and text:
                sender = each.get("from") or name or "unknown"
                of = (_telegram_time(each), name and str(name))
                files = (file,) if isinstance(file, str) else ()
                yield Message(str(sender), text, *of, files=files, words=words, surely_file=True)


def _listed(chats: object) -> list[Mapping[str, Any]]:
    return _dicts(chats.get("list")) if isinstance(chats, Mapping) else []


def _dicts(given: object) -> list[Mapping[str, Any]]:
    return [each for each in given if isinstance(each, Mapping)] if isinstance(given, list) else []


def _text(given: object) -> str:
    """Return the words of a message: a string, or pieces of which some are links and the like."""
    if isinstance(given, list):
        return "".join(map(_text, given))
    if isinstance(given, Mapping):
        return _text(given.get("text"))
    return given if isinstance(given, str) else ""


def _medium(message: Mapping[str, Any]) -> str:
    """Name what is sent without words: "(photo)", "(voice message)"."""
    kind = "photo" if "photo" in message else message.get("media_type")
    kind = kind or (message.get("file_name") if "file" in message else None)
    return f"({str(kind).replace('_', ' ')})" if kind else ""


def _telegram_time(message: Mapping[str, Any]) -> datetime | None:
    """Return when a message was sent: in seconds since 1970, or in the time of the machine."""
    try:
        if "date_unixtime" in message:
            return datetime.fromtimestamp(int(message["date_unixtime"]), timezone.utc)
        return datetime.fromisoformat(str(message.get("date"))).astimezone()
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def _of_messenger(export: Mapping[str, Any]) -> Iterator[Message]:
    """Yield the messages of Messenger or Instagram, which writes the last one first."""
    for each in reversed(_dicts(export.get("messages"))):
        words = _mended(each.get("content"))
        sent = [(kind, one.get("uri")) for kind in KINDS for one in _dicts(each.get(kind))]
        files = tuple(uri for _, uri in sent if isinstance(uri, str))
        text = words or (f"({KINDS[sent[0][0]]})" if sent else "")
        stamp = each.get("timestamp_ms")
        if text and isinstance(stamp, int):
            try:
                at = datetime.fromtimestamp(stamp / 1000, timezone.utc)
            except (ValueError, OverflowError, OSError):
                at = None
            sender = _mended(each.get("sender_name")) or "unknown"
            yield Message(sender, text, at, files=files, words=words, surely_file=True)


def _mended(given: object) -> str:
    """Return a text whose bytes of UTF-8 were written as letters, as these exports have them."""
    text = given if isinstance(given, str) else ""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _damaged(path: Path, why: str) -> MediaDecodeError:
    return MediaDecodeError(
        f"the chat {path.name!r}, which cannot be read ({why})",
        "the JSON that a messenger exports",
        "export it anew",
    )
