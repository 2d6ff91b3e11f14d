"""Media beside a chat: a picture comes with the words and the time of the message that sent it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import PIL.Image
import pytest

from sensorium import sources
from sensorium.percepts import Image, Percept, Text


def picture(path: Path, shade: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.new("RGB", (8, 8), (shade, 0, 0)).save(path)


def parted(folder: Path) -> tuple[list[Image], list[Text]]:
    found: list[Percept] = list(sources.walk(folder))
    images = [each for each in found if isinstance(each, Image)]
    return images, [each for each in found if isinstance(each, Text)]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("IMG-20230405-WA0001.jpg", "{} (file attached)\nour new boat"),
        ("IMG-20230405-WA0001.jpg", "\u200e{} (Datei angehängt)\nour new boat"),
        ("boat of ours.png", "{} (archivo adjunto)\nour new boat"),
        ("00000012-PHOTO-2023-04-05-12-30-00.jpg", "our new boat \u200e<attached: {}>"),
        ("00000012-PHOTO-2023-04-05-12-30-00.jpg", "our new boat \u200e<pièce jointe : {}>"),
    ],
)
def test_a_picture_of_whatsapp_comes_with_its_message(tmp_path: Path, name: str, told: str) -> None:
    """Whatever the language of the phone."""
    picture(tmp_path / name, 9)
    picture(tmp_path / "other.png", 7)
    lines = f"25/04/2023, 12:30 - Anna: {told.format(name)}\n25/04/2023, 12:31 - Ben: nice\n"
    (tmp_path / "chat.txt").write_text(lines, encoding="utf-8")
    images, [chat] = parted(tmp_path)
    sent = {each.description: each for each in images}
    assert set(sent) == {"Anna: our new boat", ""}
    photo = sent["Anna: our new boat"]
    assert photo.captured == datetime(2023, 4, 25, 12, 30).astimezone()
    assert photo.captured_by == "chat"
    assert "files_missing" not in chat.reading


def test_a_picture_of_telegram_comes_with_its_message(tmp_path: Path) -> None:
    """Its fields name the file; what is not exported, or leads out, is counted as missing."""
    folder = tmp_path / "export"
    picture(folder / "photos" / "photo_1.jpg", 9)
    picture(tmp_path / "secret.jpg", 1)
    (folder / "photos" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    files = ["photos/photo_1.jpg", "photos/gone.jpg", "../secret.jpg", "photos/link.jpg"]
    messages = [
        {
            "id": number,
            "type": "message",
            "date_unixtime": "1680697800",
            "from": "Anna",
            "photo": file,
            "text": "our new boat",
        }
        for number, file in enumerate(files)
    ]
    chat = {"name": "Anna", "type": "personal_chat", "id": 1, "messages": messages}
    (folder / "result.json").write_text(json.dumps(chat), encoding="utf-8")
    [photo], [text] = parted(folder)
    assert photo.description == "Anna: our new boat"
    assert photo.captured == datetime.fromtimestamp(1680697800, timezone.utc)
    assert text.reading["files_missing"] == 3


def test_pictures_of_messenger_come_with_their_message(tmp_path: Path) -> None:
    """Their paths begin at the folder of all chats; a message without words has its files."""
    folder = tmp_path / "messages" / "inbox" / "anna_1"
    picture(folder / "photos" / "1.jpg", 9)
    picture(folder / "photos" / "2.jpg", 8)
    uris = [f"messages/inbox/anna_1/photos/{name}.jpg" for name in (1, 2, 3)]
    told = {"sender_name": "Anna", "timestamp_ms": 1680697800000}
    sent = {**told, "content": "our new boat", "photos": [{"uri": uri} for uri in uris]}
    alone = {**told, "sender_name": "Ben", "videos": [{"uri": "messages/inbox/anna_1/v.mp4"}]}
    chat = {"participants": [{"name": "Anna"}, {"name": "Ben"}], "messages": [alone, sent]}
    (folder / "message_1.json").write_text(json.dumps(chat), encoding="utf-8")
    images, [text] = parted(tmp_path)
    assert [each.description for each in images] == ["Anna: our new boat"] * 2
    assert images[0].captured == datetime.fromtimestamp(1680697800, timezone.utc)
    assert text.text == "Anna: our new boat\nBen: (video)"
    assert text.reading["files_missing"] == 2


def test_the_order_of_dates_that_is_said_counts_for_files_too(tmp_path: Path) -> None:
    """A picture and its chat are of one day."""
    picture(tmp_path / "IMG-20230405-WA0001.jpg", 9)
    lines = "04/05/2023, 12:30 - Anna: IMG-20230405-WA0001.jpg (file attached)\n"
    (tmp_path / "chat.txt").write_text(lines, encoding="utf-8")
    photo, chat = sources.walk(tmp_path, date_order="mdy")
    assert photo.captured == chat.at == datetime(2023, 4, 5, 12, 30).astimezone()


def test_a_file_of_whatsapp_that_is_gone_is_told(tmp_path: Path) -> None:
    """Words in brackets behind a name of no file are words."""
    lines = (
        "25/04/2023, 12:30 - Anna: IMG-20230405-WA0001.jpg (file attached)\n"
        "25/04/2023, 12:31 - Ben: list.txt (is mine)\n"
    )
    (tmp_path / "chat.txt").write_text(lines, encoding="utf-8")
    _, [chat] = parted(tmp_path)
    assert chat.reading["files_missing"] == 1
