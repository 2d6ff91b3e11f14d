"""What systems, programs and stores of photos leave among the files of people.

Smaller copies of pictures that are there as well, caches, settings and what was deleted: they are
never read with the folder that they are in, and are read where they are named themselves.
"""

from __future__ import annotations

from pathlib import Path

from sensorium.sources.reasons import HIDDEN, Reason

THUMBNAILS = Reason("thumbnails")
CACHE = Reason("a cache")
DELETED = Reason("deleted, in a recycle bin")
MADE = Reason("made by a system or a program for itself")
APPLE_DOUBLE = Reason("AppleDouble, made by macOS for itself")
SMALLER = Reason("a smaller copy of the video beside it")
EDITS = Reason("changes of a photo, which is read as it was taken")

FOLDERS = {  # by their names in small letters
    "@eadir": THUMBNAILS,  # Synology
    ".@__thumb": THUMBNAILS,  # QNAP
    ".thumbnails": THUMBNAILS,  # freedesktop.org, Android
    ".thumbs": THUMBNAILS,
    "thumbnails": THUMBNAILS,
    "thumbs": THUMBNAILS,
    ".cache": CACHE,
    "cache": CACHE,
    "caches": CACHE,
    "__pycache__": CACHE,
    "node_modules": MADE,
    "#recycle": DELETED,  # Synology
    "@recycle": DELETED,  # QNAP
    "$recycle.bin": DELETED,  # Windows
    ".trash": DELETED,
    ".trashes": DELETED,
    "system volume information": MADE,
    "lost.dir": MADE,
    "#snapshot": MADE,
    "__macosx": APPLE_DOUBLE,  # in archives that macOS has made
}
FILES = {
    "thumbs.db": THUMBNAILS,
    "ehthumbs.db": THUMBNAILS,
    "ehthumbs_vista.db": THUMBNAILS,
    "zbthumbnail.info": THUMBNAILS,
    ".ds_store": MADE,
    "desktop.ini": MADE,
    "icon\r": MADE,
    "picasa.ini": MADE,
    "cachedir.tag": CACHE,
}
SUFFIXES = {".thm": THUMBNAILS, ".lrv": SMALLER, ".aae": EDITS, ".lrprev": THUMBNAILS}
CACHE_SUFFIXES = (".lrdata", ".photocache")  # of folders: previews of Lightroom
LIBRARY = ".photoslibrary"  # of a folder: pictures of Apple Photos, with what was made of them
TAKEN = frozenset({"originals", "masters"})  # its folders of files that people took
TAG = "CACHEDIR.TAG"  # of the Cache Directory Tagging Specification ...
SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"  # ... which begins with this


def left_file(path: Path) -> Reason | None:
    """Return what left a file of a folder there; `None` if people did."""
    if path.name.startswith("._"):
        return APPLE_DOUBLE
    found = FILES.get(path.name.lower()) or SUFFIXES.get(path.suffix.lower())
    return found or (HIDDEN if path.name.startswith(".") else None)


def left_folder(path: Path) -> Reason | None:
    """Return what left a folder within a folder there; `None` if people did."""
    name = path.name.lower()
    if found := FOLDERS.get(name):
        return found
    if name.startswith("."):
        return HIDDEN
    if path.suffix.lower() in CACHE_SUFFIXES or _is_tagged(path):
        return CACHE
    in_library = path.parent.suffix.lower() == LIBRARY
    return MADE if in_library and name not in TAKEN else None


def _is_tagged(folder: Path) -> bool:
    """Return whether a program says of a folder that it is its cache."""
    try:
        with (folder / TAG).open("rb") as stream:
            return stream.read(len(SIGNATURE)) == SIGNATURE
    except OSError:  # none there; or a folder that may not be read, which its listing says
        return False
