"""The modality of a file that nobody has named: by its mime type, its content or its name."""

from __future__ import annotations

import mimetypes
import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sensorium.errors import (
    EmptyPerceptError,
    MediaDecodeError,
    Phrase,
    SourceNotFoundError,
    SourceTypeError,
    UnitError,
)
from sensorium.percepts.codecs.animations import ANIMATED, moves
from sensorium.percepts.codecs.pictures import is_deep_picture
from sensorium.percepts.codecs.streams import held_modality
from sensorium.percepts.encodings.decoding import decoded
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import allowed_path, directories, local_path
from sensorium.percepts.percept import DEFAULT_LIMITS, Percept, make_percept
from sensorium.percepts.readers import known_options, read_with, reader_of
from sensorium.percepts.signatures import PREFIX, recognise
from sensorium.percepts.source import Encoded, Given, Samples, take
from sensorium.percepts.tables.cells import NUMBER
from sensorium.percepts.tables.labelled import is_labelled
from sensorium.percepts.tables.text_table import is_comment
from sensorium.percepts.text import Text

FAMILIES = ("image", "audio", "video", "text")  # mime types whose first part is a modality
# The modality that a word of what `recognise` says stands for
KINDS = {"picture": "image", "sound": "audio", "video": "video", "text": "text"}
MEDIA = ("image", "audio", "video")  # what first bytes are believed to say of files without a name
TWO_MEANINGS = frozenset({".ts"})  # suffixes of a film, and of something else
CONTAINERS = frozenset(  # kinds of files called sounds that may be films
    {
        "a Matroska or WebM video",
        "an ASF video",
        "an MPEG-4 or QuickTime video",
        "an Ogg sound or video",
    }
)
LOOKED_AT = 8192  # bytes that tell words from numbers
FEWEST_ROWS, FEWEST_VALUES = 12, 4  # lines that show it; values in one, for each word beside them
MEASURED = re.compile(r"[+-]?[\d.]+(?:[eE][+-]?\d+)?|[\d:./-]*\d[\d:./T+-]*Z?|nan", re.IGNORECASE)
FEWEST_WORDS, MOST_NUMBERS = 30, 0.9  # fewer are words in any case, and so are fewer numbers
SEVERAL = "iterate over sensorium.sources.open(path), run the command sensorium remember,"
SAY_IT = "say the modality (and the units, for depth, thermal and imu)"


def percept_from_media(
    content: Given,
    *,
    mime_type: str | None = None,
    modality: str | None = None,
    units: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] | None = None,
) -> Percept:
    """Make a percept of a file, as messages and tools hand it over: with a mime type, or nothing.

    A path that a registered reader takes is read by it (see `sensorium.sources`). Else the modality
    is the one given, or what the mime type says, or what the content begins with or its name ends
    with. Depth, thermal and motion are never guessed.

    Args:
        content: A path, a `data:` or `file:` URI, or whatever else the percept's class takes.
        mime_type: Mime type of the content, e.g. `"audio/wav"`; by default that of a `data:` URI.
        modality: Any registered modality.
        units: Keywords of the percept's class: `{"unit": "mm", "fx": 525}`.
        at: When it was observed (aware).
        uri: Where it came from.
        limits: Largest sizes that are accepted.
        roots: Directories that a path must lie in, links followed. Give this whenever the path
            comes from an agent or a network: an empty list refuses every path, `None` none.
    Raises:
        SourceRefusedError: A URL, or a path outside `roots`.
        MediaDecodeError: Nothing says the modality, or the encoding of a text; or the path is a
            recording of several percepts, which `sensorium.sources.open` yields.
        EmptyPerceptError: A reader finds nothing, or nothing of the modality, in the file.
        UnitError: A picture of 16 bits or more without a modality, or units that are missing.
        PerceptFormatError: The modality is unknown, or its class does not take the units.
        PerceptError: The percept's class refuses the content.
    """
    if roots is not None:
        content = allowed_content(content, directories(roots))
    if _is_path(content):
        path = local_path(os.fspath(content))  # type: ignore[arg-type]  # a path
        reader = reader_of(path, modality)
        if reader is not None and not getattr(reader, "splits", False):
            options = {"modality": modality, **(units or {})}
            if "limits" in known_options(reader, path):
                options["limits"] = limits
            read = _only(read_with(reader, path, options), path, modality)
            return read.with_origin(at=at, uri=uri)
    return percept_without_reader(
        content, mime_type=mime_type, modality=modality, units=units, at=at, uri=uri, limits=limits
    )


def percept_without_reader(
    content: Given,
    *,
    mime_type: str | None = None,
    modality: str | None = None,
    units: Mapping[str, Any] | None = None,
    at: datetime | None = None,
    uri: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Percept:
    """Make a percept as `percept_from_media` does of what no reader takes, wherever it lies."""
    found = modality or modality_of_content(content, mime_type, limits=limits)
    if found == Text.modality:
        return _read_text(content, dict(units or {}), at=at, uri=uri, limits=limits)
    return make_percept(found, content, units or {}, at=at, uri=uri, limits=limits)


def modality_of_content(
    content: Given, mime_type: str | None = None, *, limits: Limits = DEFAULT_LIMITS
) -> str:
    """Return the modality that an encoded file's mime type, first bytes or name say.

    Raises:
        MediaDecodeError: They do not say it, or the content is not an encoded file.
        UnitError: A picture of 16 bits or more, which may be depth, heat or a picture.
    """
    source = take(content, modality="media", limits=limits)
    if not isinstance(source, Encoded):
        raise MediaDecodeError(f"{source.name} of unsaid modality", "a modality", SAY_IT)
    if mime_type is None and isinstance(content, str) and content[:5].lower() == "data:":
        mime_type = content[5 : content.index(",")].partition(";")[0]
    modality = _of_mime(mime_type) or _of_bytes(source)
    if modality is not None:
        modality = _held(modality, source, limits)
    if modality is None:
        raise MediaDecodeError(
            f"{source.name}" + (f" of type {mime_type!r}" if mime_type else ""),
            "a picture, a sound, a video or a text, whose content, name or type says so",
            SAY_IT,
        )
    if modality == "image" and is_deep_picture(source):
        raise _deep_picture(source.name)
    if modality == "text":
        check_words(_beginning(source.head(LOOKED_AT)), source.name)
    return modality


def modality_of_file(path: Path) -> str:
    """Return the modality that a file's name says, or its content where the name leaves it open.

    Of the content only the beginning and the header of a picture, a sound or a film are read.

    Raises:
        SourceNotFoundError: It is no regular file: a pipe would be waited for.
        MediaDecodeError: Neither says it.
        UnitError: A picture of 16 bits or more, which may be depth, heat or a picture.
    """
    if not path.is_file() and path.exists():
        raise SourceNotFoundError(
            f"the path {str(path)!r}, which is not a file", "a regular file", "name the file itself"
        )
    suffixes = guessed_suffixes()
    modality = suffixes.get(path.suffix.lower()) or _of_unnamed(path)
    if modality is None:
        raise MediaDecodeError(
            f"{path.name!r}, whose name does not say what it is",
            "an ending that says it, such as .jpg, .wav, .mp4, .csv or .txt, or the kind of file",
            SAY_IT,
        )
    if modality in MEDIA:
        modality = _held(modality, take(path, modality="media", limits=DEFAULT_LIMITS))
    if modality == "image" and is_deep_picture(path):
        raise _deep_picture(repr(path.name))
    if modality == "text":
        with path.open("rb") as stream:
            check_words(_beginning(stream.read(LOOKED_AT)), repr(path.name))
    return modality


def is_known_file(path: Path) -> bool:
    """Return whether a regular file of a folder is read without anybody saying what it is.

    Its name says so, or its first bytes where the name does not end in a suffix, or in one that has
    two meanings: .ts is a film and a program in TypeScript.
    """
    return path.suffix.lower() in guessed_suffixes() or _of_unnamed(path) is not None


def guessed_suffixes() -> dict[str, str]:
    """Return the modality that a file is taken for by the end of its name, in small letters.

    Endings with two meanings are left out: see `is_known_file`.
    """
    suffixes: dict[str, str] = {}
    for cls in Percept.modalities.values():
        for suffix in cls.suffixes if cls.guessable else ():
            suffixes.setdefault(suffix, cls.modality)  # a later sense takes no earlier one's files
    return {suffix: modality for suffix, modality in suffixes.items() if suffix not in TWO_MEANINGS}


def _of_unnamed(path: Path) -> str | None:
    """Return what the first bytes of a file say whose name does not say it; words are not guessed.

    A suffix that nobody knows says that the file is none of ours, such as a download that has not
    ended.
    """
    if (path.suffix and path.suffix.lower() not in TWO_MEANINGS) or not path.is_file():
        return None
    try:
        with path.open("rb") as stream:
            modality = kind_of_bytes(stream.read(PREFIX))
    except OSError:
        return None
    return modality if modality in MEDIA else None


def _held(modality: str, source: Encoded | Samples, limits: Limits = DEFAULT_LIMITS) -> str:
    """Return the modality of what a file holds that its name or type calls picture, sound or film.

    A container of sound and film may hold either; an animation that moves is a film.
    """
    if not isinstance(source, Encoded):
        return modality
    kind = recognise(source.head(PREFIX))
    if (modality == "video" and kind not in ANIMATED) or (
        modality == "audio" and kind in CONTAINERS
    ):
        return held_modality(source, limits) or modality
    if modality == "image" and moves(source, limits):
        return "video"
    return modality


def _deep_picture(name: str) -> UnitError:
    return UnitError(
        f"{name}, a picture of one channel of 16 bits or more",
        "what its numbers mean",
        "say modality depth (with unit and fx), thermal (with unit), or image",
    )


def _beginning(head: bytes) -> str:
    """Return the beginning of a text by which words are told from numbers, all ASCII."""
    wide = head.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return head.decode("utf-16" if wide else "utf-8", "ignore")


def check_words(text: str, name: str) -> None:
    """Check that what is taken for words is not a table of numbers, by its beginning.

    Raises:
        MediaDecodeError: Nine in ten of its words are numbers, or of its lines rows of them.
    """
    shown = text[:LOOKED_AT]
    words = re.split(r"[\s,;|]+", shown.strip())
    numbers = sum(NUMBER.fullmatch(word) is not None for word in words)
    mostly = len(words) >= FEWEST_WORDS and numbers > MOST_NUMBERS * len(words)
    if mostly or _are_rows(shown):
        raise MediaDecodeError(
            f"{name}, which is a table of numbers", "words, or what the numbers mean", SAY_IT
        )


def _are_rows(text: str) -> bool:
    """Return whether lines are rows of numbers with times or a label, or of labels that recur."""
    lines = [line for line in text.splitlines() if line.strip() and not is_comment(line)]
    if len(lines) < FEWEST_ROWS:
        return False
    rows = sum(map(_is_row, lines))
    return rows >= MOST_NUMBERS * len(lines) or is_labelled(lines)


def _is_row(line: str) -> bool:
    cells = [cell for cell in re.split(r"[\s,;|>()\[\]]+", line) if any(map(str.isalnum, cell))]
    values = sum(MEASURED.fullmatch(cell) is not None for cell in cells)
    return values >= FEWEST_VALUES and (len(cells) - values) * FEWEST_VALUES <= values


def allowed_content(content: Given, roots: Sequence[Path]) -> Given:
    """Return a content whose paths, also those of several files, lie in `roots`.

    Raises:
        SourceRefusedError: One of them does not, or is a URL.
    """
    if isinstance(content, (list, tuple)):
        return [allowed_content(each, roots) for each in content]
    if _is_path(content):
        return allowed_path(content, roots)  # type: ignore[arg-type]  # a path
    return content


def _only(percepts: Iterator[Percept], path: Path, modality: str | None) -> Percept:
    """Return the one percept of a file that a reader reads.

    Raises:
        EmptyPerceptError: There is none.
        MediaDecodeError: There are several.
    """
    first = next(percepts, None)
    of = f" of modality {modality}" if modality else ""
    if first is None:
        raise EmptyPerceptError(
            f"{str(path)!r}, in which is no percept{of}",
            "a file that holds one",
            Phrase("leave it out, or pass {0}", {"modality": None}) if modality else "leave it out",
        )
    if next(percepts, None) is not None:
        raise MediaDecodeError(
            f"the recording {str(path)!r}, which is many observations{of}",
            "a file that is one",
            Phrase(f"{SEVERAL} or name one of its files"),
        )
    return first


def _is_path(content: object) -> bool:
    if isinstance(content, str):
        return content[:5].lower() != "data:"
    return isinstance(content, os.PathLike)


def _of_mime(mime_type: str | None) -> str | None:
    family = (mime_type or "").partition("/")[0].strip().lower()
    return family if family in FAMILIES else None


def _of_bytes(source: Encoded) -> str | None:
    """Return the modality that the first bytes say; the file's name tells sound from video."""
    seen = kind_of_bytes(source.head(PREFIX))
    named = _of_mime(mimetypes.guess_type(source.path.name)[0]) if source.path else None
    return named if seen is None or {seen, named} <= {"audio", "video"} else seen


def kind_of_bytes(head: bytes) -> str | None:
    """Return the modality that the first bytes of a file say; `None` if they say none.

    Args:
        head: First 512 bytes, or fewer if the file is shorter.
    """
    return next((KINDS[word] for word in recognise(head).split() if word in KINDS), None)


def _read_text(
    content: Given, units: dict[str, Any], *, at: datetime | None, uri: str | None, limits: Limits
) -> Percept:
    """Make the text of a file. A `str` is a path or a URI, never the text itself."""
    source = take(content, modality=Text.modality, limits=limits)
    if not isinstance(source, Encoded):
        raise SourceTypeError(f"{source.name} as text", "encoded text", "pass Text(words) itself")
    read = decoded(source.read(), units.pop("encoding", None), name=source.name)
    if not read.text.strip():
        raise EmptyPerceptError(f"{source.name}, which is blank", "words", "leave it out")
    percept = make_percept(Text, read.text, units, at=at, uri=uri, limits=limits)
    return percept.with_reading(read.reading)
