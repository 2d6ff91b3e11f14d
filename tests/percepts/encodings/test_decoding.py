"""Texts in older encodings are read right or refused; none is kept as other letters."""

from __future__ import annotations

import codecs
import random
from pathlib import Path

import pytest

from sensorium.errors import MediaDecodeError, PerceptValueError
from sensorium.percepts import Text, percept_from_media
from sensorium.percepts.encodings.decoding import decoded

WRITTEN = [  # encodings that programs wrote, and what people write in them
    ("cp1252", "The café’s bill was 12 € — “paid in cash”, the waiter said. Crème brûlée for two."),
    ("cp1252", "El niño comió una manzana mientras la señora leía el periódico en el jardín."),
    ("cp1252", "Blåbærgrød på bordet, sagde hun og gik ud i haven."),
    ("latin-1", "Vi åt smörgåsar på ön."),
    ("latin-1", "Où est passé l'été ? Nous étions à la plage près de Saint-Malo."),
    ("cp1252", "Grüße von der Straße. L'été était beau, le café aussi, señor."),
    ("cp850", "Die Straße war überflutet, und wir mussten über die Brücke zurückgehen."),
    ("mac_roman", "L'été dernier, nous étions à la plage."),
    ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Dnes večer přijdeme pozdě."),
    ("cp1250", "Jutro będzie padać, weź parasol i nie zapomnij kluczy."),
    ("cp1254", "Yarın öğleden sonra üçte kütüphanenin girişinde buluşuyoruz."),
    ("cp1257", "Labas rytas, kaip sekėsi važiuoti į miestą? Ačiū už žinutę."),
    ("cp1251", "Завтра в три часа встречаемся у входа в библиотеку, возьмите зонт."),
    ("koi8-r", "Привет, как дела?"),
    ("cp866", "Завтра в три часа встречаемся у входа в библиотеку."),
    ("cp1253", "Αύριο στις τρεις το απόγευμα στην είσοδο της βιβλιοθήκης."),
    ("cp1255", "מחר בשלוש אחר הצהריים נפגשים בכניסה לספרייה."),
    ("cp1256", "نلتقي غدا في الساعة الثالثة عند مدخل المكتبة."),
    ("cp874", "พรุ่งนี้เราจะพบกันที่ห้องสมุด"),
    ("gb18030", "明天下午三点在图书馆门口集合，请带上学生证和雨伞。"),
    ("gb18030", "你好，世界"),
    ("big5", "明天下午三點在圖書館門口集合，請帶上學生證和雨傘。"),
    ("shift_jis", "明日の午後三時に図書館の入口で集合です。"),
    ("euc_jp", "領収書を添付します。ご確認ください。"),
    ("iso2022_jp", "明日の午後三時に図書館の入口で集合です。"),
    ("cp949", "내일 오후 세 시에 도서관 입구에서 만나요."),
]


@pytest.mark.parametrize(("encoding", "text"), WRITTEN)
def test_a_language_tells_its_encoding(encoding: str, text: str) -> None:
    """A sentence in its older encoding comes out as it was written."""
    assert decoded(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", ["Meeting at nine.\r\n", "明天下午三点在图书馆。\n", "hello"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
def test_wide_letters_are_read_with_their_mark_and_without(
    text: str, encoding: str, marked: bool
) -> None:
    """UTF-16 and UTF-32 come out whole, and the mark is no part of the text."""
    bom = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    bom |= {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
    assert decoded((bom[encoding] if marked else b"") + text.encode(encoding)).text == text


def test_utf8_is_never_something_else() -> None:
    """What is UTF-8 is read as such, with its mark or without, whatever its letters."""
    for text in ("naïve", "你好", "Привет", "plain", "tab\tand\x1b[31mred"):
        assert decoded(text.encode()).text == text
        assert decoded(codecs.BOM_UTF8 + text.encode()).text == text


@pytest.mark.parametrize("text", ["señor", "blå", "año"])
def test_what_cannot_be_known_is_refused_with_the_argument_that_says_it(text: str) -> None:
    """A word that two languages could have written is not guessed; `encoding=` reads it."""
    data = text.encode("cp1252")
    with pytest.raises(MediaDecodeError, match='encoding="cp1252"'):
        decoded(data)
    assert decoded(data, "cp1252").text == text


def test_no_encoding_is_taken_that_reads_only_a_part() -> None:
    """A text said to be in an encoding that it is not throughout is refused, not mended."""
    with pytest.raises(MediaDecodeError, match="not utf-8 throughout"):
        decoded("naïve".encode("cp1252"), "utf-8")
    for name in ("klingon", "hex", ""):
        with pytest.raises(PerceptValueError, match="name of an encoding"):
            decoded(b"words", name)


def test_other_files_are_no_text() -> None:
    """Bytes of other kinds of files, and random ones, are refused whatever they are called."""
    chance = random.Random(1)
    for size in (20, 100, 1000, 5000):
        for _ in range(20):
            with pytest.raises(MediaDecodeError):
                decoded(chance.randbytes(size))


def test_a_page_says_its_encoding() -> None:
    """What a page declares is believed if it can be read so, as browsers understand the name."""
    page = '<meta charset="gb2312"><p>pâté</p>'
    assert decoded(page.encode("gb18030")).text == page
    assert (
        decoded('<?xml version="1.0" encoding="ISO-8859-1"?><p>“ñ”</p>'.encode("cp1252")).text[-9:]
        == "<p>“ñ”</p>"[-9:]
    )


def test_percepts_of_files_say_their_encoding(tmp_path: Path) -> None:
    """`percept_from_media` reads old files, says how, and takes the encoding as it takes units."""
    path = tmp_path / "old.txt"
    path.write_bytes("Grüße aus München, und bis bald.".encode("cp1252"))
    percept = percept_from_media(path)
    assert isinstance(percept, Text)
    assert percept.text == "Grüße aus München, und bis bald."
    assert percept.reading["encoding"] == "cp1252"
    path.write_bytes("señor".encode("cp1252"))
    said = percept_from_media(path, units={"encoding": "cp1252"})
    assert isinstance(said, Text)
    assert said.text == "señor"
