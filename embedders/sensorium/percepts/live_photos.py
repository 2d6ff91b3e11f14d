"""Photos with a film of their moment: in the same file, or in one beside it.

Google's and Samsung's telephones put an MP4 behind the pixels of a JPEG or into a box of a HEIC;
Apple's write a second file of the same name, and one identifier into both.
"""

from __future__ import annotations

import struct
from pathlib import Path

from PIL import ExifTags

from sensorium.errors import SensoriumError
from sensorium.percepts.codecs.ffmpeg import open_media
from sensorium.percepts.codecs.pictures import MEDIA_ERRORS, open_picture
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import is_there
from sensorium.percepts.percept import DEFAULT_LIMITS
from sensorium.percepts.source import Encoded, take

JPEG = b"\xff\xd8\xff"  # begins its files
BOX = 8  # bytes of a box of ISO 14496-12: its size, then its name
LARGEST_FTYP = 256  # bytes; it holds the brands of the file, four bytes each
OF_PICTURES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis", b"hevc", b"heim", b"heis")
FOLLOWING = (b"moov", b"mdat", b"free", b"wide", b"skip", b"uuid", b"udta", b"meta", b"moof")
FILMS = (".mov", ".mp4")  # suffixes of the second file
LONGEST = 6.0  # seconds; Apple's take three, and what is longer was filmed for itself
IDENTIFIER = "com.apple.quicktime.content.identifier"  # in a film's metadata
APPLE = b"Apple iOS\0\0\x01MM"  # before the directory of Apple's notes in EXIF, highest byte first
PHOTO_IDENTIFIER, TAG = 0x0011, 12  # its tag there, and the bytes of a tag


def film_within(source: Encoded) -> Encoded | None:
    """Return the film that a photo's file holds besides its picture; `None` if there is none."""
    with source.open() as stream:
        head = stream.read(BOX)
    if not (head.startswith(JPEG) or head.endswith(b"ftyp")):
        return None
    content = source.read()
    place = content.find(b"ftyp", BOX)
    while place >= 0:
        start = place - 4
        size = int.from_bytes(content[start:place], "big")
        brand = content[place + 4 : place + 8]
        follows = content[start + size + 4 : start + size + BOX]
        if BOX < size <= LARGEST_FTYP and brand not in OF_PICTURES and follows in FOLLOWING:
            return Encoded(data=content[start:])
        place = content.find(b"ftyp", place + 4)
    return None


def live_film(photo: Path) -> Path | None:
    """Return the film beside a live photo: of the same name, and of the same moment."""
    for suffix in FILMS:
        for film in (photo.with_suffix(suffix), photo.with_suffix(suffix.upper())):
            if is_there(film) and is_live_pair(photo, film):
                return film
    return None


def is_live_pair(photo: Path, film: Path, *, limits: Limits = DEFAULT_LIMITS) -> bool:
    """Return whether a picture and a film are one live photo.

    If both name the moment that they are of, by Apple's identifier, it has to be the same. Else
    they have to lie in one folder under one name, and the film to be as short as such films are.
    Files that cannot be read are no pair.
    """
    try:
        filmed, seconds = _of_film(_file(film, limits), limits)
        taken = _of_photo(_file(photo, limits), limits)
    except SensoriumError:
        return False
    if filmed and taken:
        return filmed == taken
    named = photo.parent == film.parent and photo.stem.casefold() == film.stem.casefold()
    return named and seconds is not None and seconds <= LONGEST


def _file(path: Path, limits: Limits) -> Encoded:
    taken = take(path, modality="media", limits=limits)
    assert isinstance(taken, Encoded)  # as every path is
    return taken


def _of_film(source: Encoded, limits: Limits) -> tuple[str | None, float | None]:
    """Return the identifier and the length of a film."""
    import av

    with open_media(source, "video", limits) as container:
        seconds = None if container.duration is None else container.duration / av.time_base
        return container.metadata.get(IDENTIFIER), seconds


def _of_photo(source: Encoded, limits: Limits) -> str | None:
    """Return the identifier in Apple's notes of a picture; `None` if there are none."""
    with open_picture(source, "image", limits) as picture:
        try:
            notes = picture.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.MakerNote)
        except MEDIA_ERRORS:
            return None
    return _identifier(notes) if isinstance(notes, bytes) and notes.startswith(APPLE) else None


def _identifier(notes: bytes) -> str | None:
    """Return the text of `PHOTO_IDENTIFIER`, a tag of text, in a directory like those of TIFF."""
    first = len(APPLE) + 2
    (count,) = struct.unpack(">H", notes[len(APPLE) : first].ljust(2, b"\0"))
    for place in range(first, min(first + count * TAG, len(notes) - TAG + 1), TAG):
        tag, _, length, offset = struct.unpack_from(">HHII", notes, place)
        if tag == PHOTO_IDENTIFIER:
            return notes[offset : offset + length].split(b"\0")[0].decode("ascii", "replace")
    return None
