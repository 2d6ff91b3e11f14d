"""Mails and chats: every message with its sender and its time, whatever the phone's language."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sensorium import sources
from sensorium.errors import MediaDecodeError, PerceptValueError
from sensorium.percepts import Text

BERLIN = timezone(timedelta(hours=1))  # in winter


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def texts(path: Path, **options: Any) -> list[Text]:
    return [each for each in sources.open(path, **options) if isinstance(each, Text)]


MAIL = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: me@example.org\r\nSubject: Boiler\r\n"
    b"Date: Tue, 12 Mar 2024 14:05:33 +0100\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=M\r\n\r\n--M\r\n"
    b"Content-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\n"
    b"Content-Type: text/html\r\n\r\n<p>in colour</p>\r\n--A\r\n"
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable"
    b"\r\n\r\nDie Stra=DFe ist nass.\r\n--A--\r\n--M\r\n"
    b'Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename="cellar.jpg"\r\n\r\n'
    b"xx\r\n--M--\r\n"
)


def test_a_mail_is_its_headers_and_its_plain_words(tmp_path: Path) -> None:
    """The plain version goes before the one in HTML, and what is attached is named."""
    path = tmp_path / "a.eml"
    path.write_bytes(MAIL)
    [mail] = texts(path)
    assert "From: Jürgen <j@example.org>" in mail.text
    assert "Attached: cellar.jpg" in mail.text
    assert mail.text.endswith("\n\nDie Straße ist nass.")
    assert "colour" not in mail.text
    assert mail.at == datetime(2024, 3, 12, 14, 5, 33, tzinfo=BERLIN)


def test_a_mailbox_is_its_mails(tmp_path: Path) -> None:
    """Each is numbered and of its own time; a quoted "From " within one does not end it."""
    path = tmp_path / "Inbox"
    path.write_bytes(
        b"From a@example.org Tue Mar 12 14:05:33 2024\nSubject: One\n"
        b"Date: Tue, 12 Mar 2024 10:00:00 +0000\n\nhello\n\n>From here it is quoted\n\n"
        b"From b@example.org Wed Mar 13 14:05:33 2024\nSubject: Two\n"
        b"Content-Type: text/html; charset=nonsense\n\n<p>Stra\xdfe &amp; Br\xfccke</p>\n"
    )
    one, two = texts(path)
    assert (
        one.text
        == "Date: Tue, 12 Mar 2024 10:00:00 +0000\nSubject: One\n\nhello\n\nFrom here it is quoted"
    )
    assert one.at == datetime(2024, 3, 12, 10, tzinfo=timezone.utc)
    assert two.text.endswith("Straße & Brücke")
    assert two.at == datetime(2024, 3, 13, 14, 5, 33, tzinfo=timezone.utc)
    assert two.uri == f"{path.as_uri()}#message=2"


LINES = [  # how phones write the 13th of March 2024, five past two in the afternoon
    "[13.03.24, 14:05:00] Anna: The key is under the pot",
    "13.03.24, 14:05 - Anna: The key is under the pot",
    "13/03/2024, 14:05 - Anna: The key is under the pot",
    "13/03/2024, 2:05 pm - Anna: The key is under the pot",
    "3/13/24, 2:05\u202fPM - Anna: The key is under the pot",
    "\u200e[3/13/24, 2:05:00\u202fPM] Anna: The key is under the pot",
    "2024-03-13, 2:05 p.m. - Anna: The key is under the pot",
    "2024/03/13 14:05 - Anna: The key is under the pot",
    "13.3.2024 klo 14.05 - Anna: The key is under the pot",
    "13-03-2024 14:05 - Anna: The key is under the pot",
    "[2024/3/13 下午2:05:00] Anna: The key is under the pot",
    "13/3/24, 2:05 p. m. - Anna: The key is under the pot",
]


@pytest.mark.parametrize("line", LINES)
def test_chats_are_read_in_every_language_of_a_phone(tmp_path: Path, line: str) -> None:
    """The sender, the words and the local time come out, however the date is written."""
    path = tmp_path / "_chat.txt"
    path.write_text(line + "\nbehind the house\n", encoding="utf-8")
    [chat] = texts(path)
    assert chat.text == "Anna: The key is under the pot\nbehind the house"
    assert chat.at == datetime(2024, 3, 13, 14, 5, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("days", "order", "last"),
    [
        (["3/2/24", "3/4/24", "3/20/24"], None, datetime(2024, 3, 20, 14, 5)),  # 20 is no month
        (["3/2/24", "4/2/24", "20/2/24"], None, datetime(2024, 2, 20, 14, 5)),
        (["1/2/24", "2/2/24", "1/3/24"], None, datetime(2024, 3, 1, 14, 5)),  # else it runs back
        (["01/02/2024", "02/03/2024"], None, datetime(2024, 3, 2, 14, 5)),  # zeros
        (["3/2/24", "3/4/24"], "mdy", datetime(2024, 3, 4, 14, 5)),
        (["3/2/24", "3/4/24"], "dmy", datetime(2024, 4, 3, 14, 5)),
    ],
)
def test_the_chat_tells_which_number_is_the_day(
    tmp_path: Path, days: list[str], order: str | None, last: datetime
) -> None:
    """A number above 12, the order of the messages, or zeros tell it; else the caller does."""
    path = tmp_path / "chat.txt"
    path.write_text("".join(f"{day}, 14:05 - Anna: hello\n" for day in days))
    read = texts(path, date_order=order) if order else texts(path)
    assert read[-1].at == last.astimezone()


def test_a_date_that_nothing_tells_is_no_time(tmp_path: Path) -> None:
    """Where day and month cannot be told apart there is no time, and the reading says the cure."""
    path = tmp_path / "chat.txt"
    path.write_text("3/2/24, 2:05 PM - Anna: hello\n3/4/24, 2:06 PM - Ben: yes\n")
    [chat] = texts(path)
    assert chat.at is None
    assert 'date_order="dmy"' in chat.reading["dates"]
    with pytest.raises(PerceptValueError, match="mdy"):
        texts(path, date_order="left")


def test_messages_near_each_other_are_one_stretch(tmp_path: Path) -> None:
    """A pause of an hour parts them; notices of the program are not messages."""
    path = tmp_path / "chat.txt"
    path.write_text(
        "13.03.24, 14:05 - Messages are encrypted.\n13.03.24, 14:05 - Anna: Where is the key?\n"
        "13.03.24, 14:50 - Ben: Under the pot\n13.03.24, 16:00 - Anna: Found it\n"
    )
    first, second = texts(path)
    assert first.text == "Anna: Where is the key?\nBen: Under the pot"
    assert second.reading["messages"] == [3, 3]
    assert second.at == datetime(2024, 3, 13, 16, tzinfo=BERLIN)


def test_a_diary_is_no_chat(tmp_path: Path) -> None:
    """A text that only has dates in it stays a text."""
    path = tmp_path / "diary.txt"
    path.write_text("12.03.2024: rain. At 14:05 - as Anna said: no key.\n")
    [text] = texts(path)
    assert text.text.startswith("12.03.2024")


def test_telegram_is_read_with_its_times(tmp_path: Path) -> None:
    """Pieces of a message join, notices are left out, a picture without words is named."""
    path = tmp_path / "result.json"
    when = {"date": "2024-03-13T14:05:00", "date_unixtime": "1710335100"}
    messages = [
        {"type": "service", "action": "create", **when},
        {
            "type": "message",
            "from": "Anna",
            "text": ["see ", {"type": "link", "text": "x.org"}],
            **when,
        },
        {"type": "message", "from": "Ben", "text": "", "photo": "p.jpg", "date": when["date"]},
    ]
    chat = {"name": "Anna", "type": "personal_chat", "id": 7, "messages": messages}
    path.write_text(json.dumps(chat, indent=1))
    [read] = texts(path)
    assert read.text == "Anna: see x.org\nBen: (photo)"
    assert read.at == datetime(2024, 3, 13, 14, 5, tzinfo=BERLIN)
    account = {
        "about": "All of your Telegram data",
        "chats": {"list": [chat, {**chat, "name": "B"}]},
    }
    path.write_text(json.dumps(account))
    assert len(texts(path)) == 2
    path.write_text(json.dumps(chat)[:-20])
    with pytest.raises(MediaDecodeError, match="export it anew"):
        texts(path)


def test_messenger_is_read_from_the_first_message_on(tmp_path: Path) -> None:
    """The export has the last message first, and its letters as bytes of UTF-8."""
    path = tmp_path / "message_1.json"
    messages = [
        {"sender_name": "Ben", "timestamp_ms": 1710335160000, "content": "ja"},
        {
            "sender_name": "J\u00c3\u00bcrgen",
            "timestamp_ms": 1710335100000,
            "content": "na\u00c3\u00afv?",
        },
    ]
    path.write_text(json.dumps({"participants": [{"name": "Ben"}], "messages": messages}))
    [read] = texts(path)
    assert read.text == "Jürgen: naïv?\nBen: ja"
    assert read.at == datetime(2024, 3, 13, 14, 5, tzinfo=BERLIN)


def test_other_json_is_no_chat(tmp_path: Path) -> None:
    """A file of data is not taken for messages."""
    path = tmp_path / "data.json"
    path.write_text('{"name": "x", "messages": 3}')
    [text] = texts(path)
    assert text.text.startswith("{")
