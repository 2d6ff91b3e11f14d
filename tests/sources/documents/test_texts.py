"""Long texts and notes, subtitles, tables of words."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sensorium import sources
from sensorium.errors import EmptyPerceptError, MediaDecodeError
from sensorium.percepts import Text, percept_from_media
from sensorium.sources.documents.parts import STRETCH, stretches
from sensorium.sources.documents.tables import is_without_motion


def texts(path: Path, **options: Any) -> list[Text]:
    return [each for each in sources.open(path, **options) if isinstance(each, Text)]


PARAGRAPHS = "".join(
    f"Day {day}. It rained on the roof of the old mill.\n\n" for day in range(2000)
)


def test_a_long_text_comes_in_stretches_that_are_all_of_it(tmp_path: Path) -> None:
    """Back to back, each within bounds, cut behind paragraphs, and named by its letters."""
    path = tmp_path / "diary.txt"
    path.write_text(PARAGRAPHS)
    read = texts(path)
    assert "".join(each.text for each in read) == PARAGRAPHS
    assert all(len(each.text) <= STRETCH for each in read)
    assert all(each.text.endswith("\n\n") for each in read)
    start, end = read[1].reading["letters"]
    assert PARAGRAPHS[start:end] == read[1].text
    assert read[1].uri == f"{path.as_uri()}#char={start},{end}"


def test_a_text_that_grows_keeps_its_stretches(tmp_path: Path) -> None:
    """All stretches but the last stay the same, so that they are known when it is read again."""
    path = tmp_path / "log.txt"
    path.write_text(PARAGRAPHS[:60_000])
    before = texts(path)
    path.write_text(PARAGRAPHS)
    after = texts(path)
    assert [each.text for each in after[: len(before) - 1]] == [each.text for each in before[:-1]]


@pytest.mark.parametrize("cut", [1, 7, 1000, 10**6])
def test_stretches_do_not_depend_on_blocks(cut: int) -> None:
    """However the text is read, it is cut in the same places, words without an end as well."""
    text = PARAGRAPHS[:9_000] + "x" * 30_000 + " end"
    blocks = [text[i : i + cut] for i in range(0, len(text), cut)]
    found = list(stretches(blocks, longest=500))
    assert found == list(stretches([text], longest=500))
    assert "".join(each.text for each in found) == text
    assert all(a.end == b.start for a, b in itertools.pairwise(found))


def test_a_short_text_is_one_percept_and_a_long_one_can_be(tmp_path: Path) -> None:
    """Below the threshold nothing is cut; `percept_from_media` never cuts."""
    path = tmp_path / "note.txt"
    path.write_text("short\n")
    [text] = texts(path)
    assert text.uri == path.as_uri()
    path.write_text(PARAGRAPHS)
    whole = percept_from_media(path)
    assert isinstance(whole, Text)
    assert whole.text == PARAGRAPHS


def test_a_blank_text_is_refused_like_an_empty_one(tmp_path: Path) -> None:
    """By the name of its file, since there is nothing to find it by."""
    path = tmp_path / "blank.txt"
    path.write_text(" \n\t\n")
    with pytest.raises(EmptyPerceptError, match=r"blank\.txt.*leave it out"):
        list(sources.open(path))


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    """The last call says that all of the file is read."""
    path = tmp_path / "diary.txt"
    path.write_text(PARAGRAPHS)
    told: list[tuple[int, int]] = []
    list(sources.open(path, progress=lambda done, total: told.append((done, total))))
    assert told[-1] == (len(PARAGRAPHS), len(PARAGRAPHS))


def test_old_letters_far_from_the_beginning_are_read(tmp_path: Path) -> None:
    """A text whose first letters beyond ASCII come after megabytes is decoded right throughout."""
    path = tmp_path / "old.txt"
    end = "Die Straße war überflutet, und wir gingen über die Brücke."
    path.write_bytes((PARAGRAPHS * 20 + end).encode("cp1252"))
    last = texts(path)[-1]
    assert last.text.endswith(end)
    assert last.reading["encoding"] == "cp1252"


def test_a_long_table_of_numbers_is_no_text(tmp_path: Path) -> None:
    """Numbers are not taken for words, however many there are."""
    path = tmp_path / "numbers.txt"
    path.write_text("".join(f"{i} {i * 0.5} {i * 2}\n" for i in range(5000)))
    with pytest.raises(MediaDecodeError, match="table of numbers"):
        list(sources.open(path))


def test_a_note_is_of_the_date_that_it_begins_with(tmp_path: Path) -> None:
    """The date between the first two lines of hyphens is the time of a note."""
    path = tmp_path / "note.md"
    path.write_text("---\ntitle: Boiler\ndate: 2024-03-12T10:00:00Z\n---\n\nIt knocks.\n")
    [note] = texts(path)
    assert note.at == datetime(2024, 3, 12, 10, tzinfo=timezone.utc)
    assert "It knocks." in note.text


SRT = (
    "1\n00:00:01,000 --> 00:00:03,500\n<i>Where is</i> the key?\n\n"
    "2\n00:00:04,000 --> 00:00:06,000\nUnder the pot.\n\n"
    "3\n01:01:04,250 --> 01:01:06,000\nGoodbye.\n"
)


def test_subtitles_say_their_seconds_and_their_video(tmp_path: Path) -> None:
    """Cues near each other are one text; the video beside them is what the address leads to."""
    path = tmp_path / "film.en.srt"
    path.write_text(SRT)
    talk, end = texts(path)
    assert talk.text == "Where is the key?\nUnder the pot."
    assert talk.reading["seconds"] == [1.0, 6.0]
    assert end.reading["seconds"] == [3664.25, 3666.0]
    assert talk.uri == f"{path.as_uri()}#t=1,6"
    (tmp_path / "film.MP4").touch()
    assert texts(path)[0].uri == f"{(tmp_path / 'film.MP4').as_uri()}#t=1,6"


def test_subtitles_with_the_longest_name_are_read(tmp_path: Path) -> None:
    """A video whose name would be longer than a name may be is not there."""
    path = tmp_path / f"{'n' * 251}.srt"  # 255 bytes
    path.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
    [text] = texts(path)
    assert text.text == "Hello."


def test_web_subtitles_are_read_with_their_speakers(tmp_path: Path) -> None:
    """Notes and settings are left out, who speaks is kept, rolled lines come once."""
    path = tmp_path / "talk.vtt"
    path.write_text(
        "WEBVTT\n\nNOTE made by hand\n\n"
        "00:01.000 --> 00:02.000 align:start\n<v Anna>Hi &amp; bye\n\n"
        "00:02.000 --> 00:03.000\nrolling\n\n00:03.000 --> 00:04.000\nrolling\nwords\n"
    )
    [text] = texts(path)
    assert text.text == "Anna: Hi & bye\nrolling\nwords"
    path.write_text("WEBVTT\n")
    with pytest.raises(EmptyPerceptError):
        texts(path)


STATEMENT = (
    "Date,Description,Amount\n2024-03-04,Supermarket,-43.20\n2024-03-05,Rent March,-780.00\n"
)


def test_a_table_of_words_is_read_when_asked_for(tmp_path: Path) -> None:
    """Each row repeats the names of its columns; unasked it is refused with the argument."""
    path = tmp_path / "bank.csv"
    path.write_text(STATEMENT)
    with pytest.raises(MediaDecodeError, match=r'modality="imu" .*modality="text"'):
        list(sources.open(path))
    [rows] = texts(path, modality="text")
    assert rows.text.splitlines() == [
        "Date: 2024-03-04, Description: Supermarket, Amount: -43.20",
        "Date: 2024-03-05, Description: Rent March, Amount: -780.00",
    ]


def test_tables_of_other_countries_are_read(tmp_path: Path) -> None:
    """Semicolons, lines above the header, Windows-1252, quoted cells of several lines."""
    path = tmp_path / "umsatz.csv"
    path.write_bytes(
        'Konto;123\nBuchungstag;Empfänger;Betrag\n01.03.2024;"Bäckerei\nMüller";-4,20\n'
        "02.03.2024;Gemüse für die Küche;-7,10\n".encode("cp1252")
    )
    [rows] = texts(path, modality="text")
    assert rows.text.splitlines()[0] == "Konto; 123"
    assert "Empfänger: Bäckerei" in rows.text
    assert "Betrag: -7,10" in rows.text


@pytest.mark.parametrize(
    "header",
    [
        "t,ax,ay,az,gx,gy,gz",
        "time;accelX;accelY;accelZ",
        "Time (s)\tAcceleration x (m/s^2)",
        "x,y,z",
        "timestamp,gyro_x,gyro_y,gyro_z",
    ],
)
def test_motion_is_not_taken_for_a_table_of_words(header: str) -> None:
    """A table that has columns of a sensor of motion is left to those who read motion."""
    separator = next(each for each in ("\t", ";", ",") if each in header)
    row = separator.join("1.5" for _ in header.split(separator))
    assert not is_without_motion(f"{header}\n{row}\n{row}\n".encode())
    assert not is_without_motion(f"{row}\n{row}\n{row}\n".encode())
    assert is_without_motion(STATEMENT.encode())


def test_a_folder_is_read_around_tables_of_words(tmp_path: Path) -> None:
    """A walk skips them with the reason, and reads them where text is asked for."""
    (tmp_path / "bank.csv").write_text(STATEMENT)
    (tmp_path / "note.txt").write_text("buy milk")
    skipped: dict[Path, str] = {}
    read = list(sources.walk(tmp_path, on_skip=skipped.__setitem__))
    assert [each.uri for each in read] == [(tmp_path / "note.txt").as_uri()]
    assert "no columns of motion" in skipped[tmp_path / "bank.csv"]
    assert len(list(sources.walk(tmp_path, modality="text"))) == 2


def test_documents_have_the_time_that_a_caller_says(tmp_path: Path) -> None:
    """`at=` goes before what a document tells."""
    path = tmp_path / "film.srt"
    path.write_text(SRT)
    at = datetime(2024, 5, 1, tzinfo=timezone(timedelta(hours=2)))
    assert {each.at for each in texts(path, at=at)} == {at}
