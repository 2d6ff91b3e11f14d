"""docs/files.md names each ending that is read, and none that is not."""

from __future__ import annotations

import re
from pathlib import Path

from sensorium.percepts.percept import Percept
from sensorium.percepts.recognising import TWO_MEANINGS
from sensorium.sources.bags.bag_file import STORAGES
from sensorium.sources.documents import mail, office, subtitles, tables, web

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"
ENDING = re.compile(r"\.[a-z0-9]+")


def test_the_table_names_the_endings_that_are_read() -> None:
    """Those of percepts and of readers; a JSON and an XMP are read beside photos as well."""
    table = DOCUMENT.read_text(encoding="utf-8").split("Each text is found", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    spans = [span for row in rows for span in re.findall("`([^`]+)`", row)]
    named = {ending for span in spans if span[0] == "." for ending in ENDING.findall(span)}
    senses = Percept.modalities.values()
    read = {ending for cls in senses for ending in (*cls.suffixes, *cls.doubted_suffixes)}
    for reader in (mail, office, subtitles, tables, web):
        read |= reader.SUFFIXES
    assert named == read | TWO_MEANINGS | {".pdf", ".epub", ".xmp", ".bag", *STORAGES}
