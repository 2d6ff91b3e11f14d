"""Bytes as text: by the mark at their beginning, else as UTF-8, else as their language tells."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from sensorium.errors import MediaDecodeError, PerceptValueError, Phrase, show
from sensorium.percepts.encodings.detecting import LOOKED_AT, detect, read

BOMS = (  # the longer ones first: that of UTF-32 begins as that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = (  # which of four bytes are zero in a text of ASCII, and which are not
    ("utf-32-le", (3,), (0,)),
    ("utf-32-be", (0,), (3,)),
    ("utf-16-le", (1, 3), (0, 2)),
    ("utf-16-be", (0, 2), (1, 3)),
)
ESCAPED = {b"\x1b$B": "iso2022_jp", b"\x1b$@": "iso2022_jp", b"\x1b$)C": "iso2022_kr"}
DECLARED = re.compile(  # in the first lines of a page or a document
    rb"""<\?xml[^>]{0,100}encoding=["']([\w.:-]+)|<meta[^>]{0,200}charset=["']?\s*([\w.:-]+)""",
    re.IGNORECASE,
)
WIDER = {  # what programs wrote that declare these, by the WHATWG's list of encodings
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **{"shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs", "iso8859-9": "cp1254"},
}
HALF = 0.4  # of the bytes of ASCII in UTF-16 are zero, or some more
CP1252 = {"encoding": "cp1252"}
UTF8 = frozenset(("utf-8", "utf-8-sig"))
MOST_CONTROLS = 0.05  # of the characters of a text; a file of another kind has more
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
RARE = re.compile(
    "[\u0700-\u08ff\u0d80-\u0dff\u0f00-\u10ff\u1200-\u1dff\u2c00-\u2dff\u3400-\u4dbf\ua000-\uabff]"
)
FEW = 0.02  # of the characters of a text are rare or not printable
FAMILIAR = {"cp932": "shift_jis", "big5hkscs": "big5", "cp949": "euc-kr"}  # names that people know


class Decoded(NamedTuple):
    """A text, and the encoding by which it was read."""

    text: str
    encoding: str

    @property
    def reading(self) -> dict[str, str]:
        """What a percept's reading says of it: the encoding, if it is not UTF-8."""
        return said_encoding(self.encoding)


def said_encoding(encoding: str) -> dict[str, str]:
    """Return what a percept's reading says of an encoding: nothing of UTF-8."""
    return {} if encoding in UTF8 else {"encoding": encoding}


def decoded(data: bytes, encoding: str | None = None, *, name: str = "a text") -> Decoded:
    """Return bytes as text.

    Args:
        data: The whole content of a file.
        encoding: How its letters are encoded, if that is known: "cp1252", "shift_jis", ...
        name: Name of the source in messages.
    Raises:
        MediaDecodeError: It is not text, it is not of that encoding, or nothing tells its encoding.
        PerceptValueError: There is no such encoding.
    """
    chosen = encoding_of(data, encoding, name=name, whole=True)
    text = read(data, chosen, whole=True)
    if text is None:
        raise not_of(chosen, name)
    return Decoded(text.removeprefix("\ufeff"), chosen)


def encoding_of(
    head: bytes, encoding: str | None = None, *, name: str = "a text", whole: bool = False
) -> str:
    """Return the encoding of a text by its beginning, as Python names it.

    Args:
        head: Its first bytes; 64 KiB tell enough.
        encoding: The encoding, if it is known: then this checks that there is one of the name.
        name: Name of the source in messages.
        whole: Whether this is all of it.
    Raises:
        MediaDecodeError: It is not text, or nothing tells its encoding.
        PerceptValueError: There is no such encoding.
    """
    if encoding is not None:
        return _known(encoding)
    marked = next((each for bom, each in BOMS if head.startswith(bom)), None)
    for chosen in [marked] if marked else _told(head):
        text = read(head[: len(head) if whole else LOOKED_AT], chosen, whole=whole)
        if text is not None:
            return _checked(chosen, text, name)
    if marked:
        raise not_of(marked, name)
    found = None if _is_binary(head) else detect(head)
    if found is None:
        raise _untold(head, name)
    return FAMILIAR.get(found, found)


def not_of(encoding: str, name: str) -> MediaDecodeError:
    """Build the error for bytes that are no text of an encoding."""
    return MediaDecodeError(
        f"{name}, which is not {encoding} throughout",
        "text in one encoding",
        Phrase("say another one: {0}; or repair it: iconv -c drops what cannot be read", CP1252),
    )


def _told(head: bytes) -> list[str]:
    """Return the encodings that a text tells itself, the surest first, and UTF-8."""
    wide = _wide(head[: LOOKED_AT // 4 * 4])
    escaped = next((name for start, name in ESCAPED.items() if start in head[:LOOKED_AT]), None)
    return [each for each in (wide, escaped, _declared(head[:4096]), "utf-8") if each]


def _wide(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 without a mark: where there is ASCII, its other bytes are zero.

    Zeros in a text of another encoding are few, and such a text is UTF-8.
    """
    zeros = [head[first::4].count(0) for first in range(4)]
    if not sum(zeros) or (sum(zeros) < HALF * len(head) and read(head, "utf-8") is not None):
        return None
    for chosen, most, fewest in WIDE:
        text = read(head, chosen)
        told = sum(zeros[i] for i in most) > sum(zeros[i] for i in fewest)
        if text and told and not CONTROL.search(text) and _is_written(text):
            return chosen
    return None


def _is_written(text: str) -> bool:
    """Return whether a text has few characters that hardly any text has."""
    rare = sum(RARE.match(each) is not None or not each.isprintable() for each in text)
    return rare - sum(map(text.count, "\t\r\n\ufeff\u3000\u00a0")) <= FEW * len(text)


def _declared(head: bytes) -> str | None:
    found = DECLARED.search(head)
    if found is None:
        return None
    try:
        name = codecs.lookup((found[1] or found[2]).decode("ascii")).name
    except (LookupError, UnicodeError):
        return None
    return None if name.startswith(("utf-16", "utf-32")) else WIDER.get(name, name)


def _known(encoding: str) -> str:
    """Return the name of an encoding of text.

    Raises:
        PerceptValueError: There is none of this name.
    """
    try:
        codec = codecs.lookup(encoding)
        "a".encode(codec.name)  # some codecs, such as hex, are not of text
    except (LookupError, TypeError, ValueError) as error:
        raise PerceptValueError(
            f"encoding={show(encoding)}",
            'the name of an encoding: "utf-8", "utf-16", "cp1252", "gb18030", "shift_jis", ...',
            "correct it, or leave it out",
        ) from error
    return codec.name


def _checked(chosen: str, text: str, name: str) -> str:
    """Return an encoding if what it reads is text, and not a file of another kind."""
    if len(CONTROL.findall(text)) > MOST_CONTROLS * len(text):
        raise not_text(name)
    return chosen


def _is_binary(head: bytes) -> bool:
    controls = sum(each < 32 and each not in b"\t\n\x0b\x0c\r\x1a\x1b" for each in head[:LOOKED_AT])
    return controls > MOST_CONTROLS * len(head[:LOOKED_AT])


def not_text(name: str) -> MediaDecodeError:
    """Build the error for bytes that are no text at all."""
    return MediaDecodeError(
        f"{name}, which is not text but some other kind of file",
        "text",
        "give it the ending of what it is, or say it with the modality",
    )


def _untold(head: bytes, name: str) -> MediaDecodeError:
    if _is_binary(head):
        return not_text(name)
    return MediaDecodeError(
        f"{name}, which is not UTF-8, and does not tell its encoding",
        "text whose encoding is known",
        Phrase(
            "say it: {0} (Western Europe), {1} (Chinese), {2} (Japanese), {3} (Cyrillic), ...; or "
            "save it as UTF-8",
            *(CP1252, {"encoding": "gb18030"}, {"encoding": "shift_jis"}, {"encoding": "cp1251"}),
        ),
    )
