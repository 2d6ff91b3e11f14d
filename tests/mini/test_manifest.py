"""The weights in the package are those that its manifest lists."""

from __future__ import annotations

import hashlib

import pytest

from sensorium.mini.manifest import DIRECTORY, MANIFEST, manifest
from sensorium.mini.wordpiece import VOCABULARY, VOCABULARY_SHA256

DOCUMENTS = {"MODEL_CARD.md", "EVALUATION.md", "ATTRIBUTION.md", "ATTRIBUTION-furniture.md"}
LARGEST = 45_000_000  # bytes of the whole folder


@pytest.mark.parametrize("name", sorted(manifest().files))
def test_every_listed_file_is_what_the_list_says(name: str) -> None:
    """Size and digest are those of the file, and its licence and sources are stated."""
    entry = manifest().files[name]
    content = (DIRECTORY / entry.file).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (entry.bytes, entry.sha256)
    assert entry.licence
    assert entry.sources


def test_the_folder_holds_only_listed_files() -> None:
    """It holds the listed files, the manifest, the vocabulary and the documents."""
    listed = {entry.file for entry in manifest().files.values()}
    found = {path.name for path in DIRECTORY.iterdir()}
    assert found == listed | {MANIFEST, VOCABULARY} | DOCUMENTS
    content = (DIRECTORY / VOCABULARY).read_bytes()
    assert hashlib.sha256(content).hexdigest() == VOCABULARY_SHA256


def test_the_folder_stays_small() -> None:
    """All files together are smaller than 45 MB."""
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir()) < LARGEST


def test_the_documents_name_every_file_and_no_machine() -> None:
    """The model card has each listed file with its size; no document holds a machine's path."""
    card = (DIRECTORY / "MODEL_CARD.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    told = {row[0].strip(): row[2:4] for row in rows}
    for entry in manifest().files.values():
        assert told[entry.file] == [f"{entry.parameters:,}", f"{entry.bytes:,}"], entry.file
    for document in DOCUMENTS:
        text = (DIRECTORY / document).read_text(encoding="utf-8")
        assert not [place for place in ("/work", "/tmp", "/home", "/root") if place in text]
