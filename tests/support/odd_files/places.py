"""What lies in folders besides: pipes, links, what systems leave behind, and odd names."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from tests.support.odd_files.odd import Odd, failed, read, skipped
from tests.support.odd_files.photos import jpeg

LONG_NAME = "n" * 251 + ".jpg"  # 255 bytes, the most that a name may have
NOT_UTF8 = os.fsdecode(b"caf\xe9.jpg")


def listen(path: Path) -> None:
    """Leave a socket in the folder; its name may be longer than an address may be."""
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def closed(path: Path) -> None:
    path.write_bytes(jpeg(90))
    path.chmod(0)


def closed_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside.jpg").write_bytes(jpeg(91))
    path.chmod(0)


def to_outside(path: Path) -> None:
    """A link to a folder beside the whole one, with a photo that nobody asked for."""
    outside = path.parents[1].with_name(path.parents[1].name + " outside")
    outside.mkdir()
    (outside / "private.jpg").write_bytes(jpeg(92))
    path.symlink_to(outside)


NAMES = [
    *(
        "🐕 am Strand.jpg",
        "two\nlines.jpg",
        "-rf.jpg",
        "100%#?.jpg",
        "\u202egpj.exe.jpg",
        "[red].jpg",
    ),
    *(
        "ta\tb.jpg",
        " leading.jpg",
        "UPPER.JPG",
        "many.dots.in.name.jpg",
        "日本語.jpg",
        "a'b\"c.jpg",
    ),
    *(LONG_NAME, NOT_UTF8),
]


def files() -> list[Odd]:
    return [
        *(read(f"names/{name}", jpeg(100 + number), "image") for number, name in enumerate(NAMES)),
        read("deep/" + "/".join("abcdefghijklmnop") + "/photo.jpg", jpeg(93), "image"),
        skipped("strange/pipe.jpg", os.mkfifo, "a pipe"),
        skipped("strange/socket.jpg", listen, "a socket"),
        skipped(
            "strange/broken.jpg", lambda path: path.symlink_to("nowhere.jpg"), "a link to nothing"
        ),
        skipped("strange/loop", lambda path: path.symlink_to("loop"), ""),
        skipped("strange/upwards", lambda path: path.symlink_to(".."), "a link to a folder"),
        skipped("strange/elsewhere", to_outside, "a link out of the folder"),
        read(
            "strange/linked.jpg",
            lambda path: path.symlink_to("../names/UPPER.JPG"),
            "image",
            of="names/UPPER.JPG",
        ),
        failed("strange/closed.jpg", closed, "permission", closed=True),
        failed("strange/closed folder", closed_folder, "permission", whole=True, closed=True),
        skipped("system/.DS_Store", b"\0\0\0\1Bud1", "made by a system"),
        skipped("system/._photo.jpg", b"\0\5\x16\7" + bytes(90), "AppleDouble"),
        skipped("system/.thumbnails", lambda path: _with_photo(path, 94), "thumbnails", whole=True),
        skipped("system/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90), "thumbnails"),
        skipped("system/desktop.ini", b"[.ShellClassInfo]", "made by a system"),
        skipped(
            "system/@eaDir",
            lambda path: _with_photo(path / "photo.jpg", 95),
            "thumbnail",
            whole=True,
        ),
        skipped("system/__MACOSX", lambda path: _with_photo(path, 96), "", whole=True),
        skipped("system/.private.jpg", jpeg(99), "hidden"),
        skipped("system/shortcut.lnk", b"L\0\0\0" + bytes(90), "unknown kind"),
        skipped("system/photo.jpg.crdownload", jpeg(97), "unknown kind"),
        skipped("system/photo.jpg~", jpeg(98), "unknown kind"),
    ]


def _with_photo(folder: Path, number: int, name: str = "thumb.jpg") -> None:
    folder.mkdir(parents=True)
    (folder / name).write_bytes(jpeg(number))
