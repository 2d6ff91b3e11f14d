"""What other programs read of the folder of odd files, beside `sensorium remember`.

`python benchmarks/odd_readers.py --python PYTHON` prints the table of odd_readers.md. PYTHON is
that of an environment with `pip install "markitdown[pdf,docx,pptx,xlsx,outlook]" llama-index-core
llama-index-readers-file docx2txt python-pptx ebooklib html2text striprtf`. Both are given the
files one by one, but no pipes and no links to nothing. rclip, whose weights are downloaded, is not
run: which files it would open is told by the rule of version 3.3.0, which goes by the endings in
`RCLIP`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # for tests.support

from tables import markdown  # noqa: E402
from tests.support.odd_files import make_folder  # noqa: E402
from tests.support.odd_files.odd import Odd  # noqa: E402

RCLIP = re.compile(
    r".+\.(jpg|jpeg|png|webp|heic|tiff?|bmp|gif|jp2|p[nbgp]m)", re.IGNORECASE | re.DOTALL
)
THEIRS = """
import contextlib, io, json, logging, os, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
from llama_index.core import SimpleDirectoryReader
from llama_index.core.schema import ImageDocument
from markitdown import MarkItDown
convert = MarkItDown(enable_plugins=False).convert
def markitdown(path):
    return convert(path).text_content
def llama_index(path):
    read = SimpleDirectoryReader(input_files=[path], raise_on_error=True).load_data()
    if any(isinstance(document, ImageDocument) for document in read):
        return PICTURE
    return chr(10).join(document.text or "" for document in read)
PICTURE = "(a picture)"
found = {"markitdown": {}, "LlamaIndex": {}}
for path in json.load(sys.stdin):
    for name, read in (("markitdown", markitdown), ("LlamaIndex", llama_index)):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                found[name][path] = read(path)
            except Exception as error:
                found[name][path] = None
sys.stdout.buffer.write(json.dumps(found).encode())
"""
PICTURE = "(a picture)"
COLUMNS = ("files", "in the folder", "rclip", "markitdown", "LlamaIndex", "Sensorium")
KINDS = {"image": "pictures", "video": "animations and videos", "audio": "sounds", "imu": "motion"}
WORDS = "documents, texts, mails, chats: with their words"
OTHER_TEXT = "tables of words, settings, programs: their text"
BYTES = "any other file, given as a text of its bytes"


def kind_of(odd: Odd, path: Path) -> str:
    """Return the row of the table that a file counts in; empty if it is none of them."""
    if odd.fate == "read":
        if odd.words and odd.senses[0] == "text":
            return WORDS
        return KINDS[
            next((each for each in odd.senses if each in ("image", "video", "imu")), "audio")
        ]
    plain = odd.fate == "skipped" and path.is_file() and 0 not in path.read_bytes()
    return OTHER_TEXT if plain and "system" not in odd.name else ""


def remembered(folder: Path) -> set[str]:
    """Return the files that `sensorium remember` makes records of."""
    with tempfile.TemporaryDirectory() as memory:
        command = [str(Path(sys.executable).with_name("sensorium")), "remember", str(folder)]
        run = subprocess.run(
            [*command, "--memory", f"{memory}/memory", "--json"],
            check=False,
            capture_output=True,
            text=True,
        )
    return {each["file"] for each in json.loads(run.stdout)["records"]}


def read_by_others(python: str, paths: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Return the text that each of the others gives for each file; `None` where it refuses."""
    run = subprocess.run(
        [python, "-c", THEIRS],
        input=json.dumps(list(paths)),
        capture_output=True,
        check=True,
        text=True,
    )
    found: dict[str, dict[str, str | None]] = json.loads(run.stdout)
    return found


def has_words(odd: Odd, text: str) -> bool:
    """Return whether a text has the words that a file has, however they are spaced."""
    return " ".join(odd.words.split()) in " ".join(text.split())


def is_read(kind: str, odd: Odd, text: str | None) -> bool:
    """Return whether another program read what is in a file."""
    if kind in (WORDS, OTHER_TEXT):
        return bool(text) and has_words(odd, text or "")
    return text == PICTURE


def is_bytes(text: str | None) -> bool:
    """Return whether a text has signs that no writing has."""
    return any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in text or "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="of the environment of the others")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "folder"
        made = [odd for odd in make_folder(folder) if not odd.whole]
        regular = [str(folder / odd.name) for odd in made if (folder / odd.name).is_file()]
        ours, theirs = remembered(folder), read_by_others(asked.python, regular)
        rows = {kind: [0] * 5 for kind in (*KINDS.values(), WORDS, OTHER_TEXT, BYTES)}
        for odd in made:
            path = folder / odd.name
            kind = kind_of(odd, path)
            texts = [theirs[name].get(str(path)) for name in ("markitdown", "LlamaIndex")]
            opened = str(path) in regular and bool(RCLIP.fullmatch(odd.name))
            read = [is_read(kind, odd, each) for each in texts]
            if kind:
                counted = (True, opened, *read, str(path) in ours)
                rows[kind] = [a + b for a, b in zip(rows[kind], counted, strict=True)]
            if kind != WORDS:
                given = (True, False, *map(is_bytes, texts), False)
                rows[BYTES] = [a + b for a, b in zip(rows[BYTES], given, strict=True)]
    print(markdown(COLUMNS, [[kind, *map(str, row)] for kind, row in rows.items()]))


if __name__ == "__main__":
    main()
