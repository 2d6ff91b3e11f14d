"""The directory of an export: a manifest, Parquet files of records, and the media beside them.

    manifest.json           format, version, the collection's schema, counts, digests of the rest
    records-00000.parquet   one row a point; other programs read it without Sensorium
    media/ab/abcdef….png    the kept files, named by their SHA-256

Columns: `id`; `payload`, all of it as JSON, the one that counts; `owner`, `at`, `modalities`,
`tags`, `page_content` and `part_of`, taken from it to be queried; and one per modality, its windows
as lists of numbers, null where a record has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from sensorium.errors import ExportFormatError, first_problem
from sensorium.memory.media.store import BLOCK
from sensorium.qdrant.points import from_iso

FORMAT: Final = "sensorium-export"
VERSION: Final = 1
MANIFEST, MEDIA = "manifest.json", "media"
LARGEST_MANIFEST = 64 * 2**20  # bytes; a hundred thousand files need 14 million


def _read_time(text: str) -> str:
    from_iso(text)
    return text


Written = StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
Time = Annotated[str, Written, AfterValidator(_read_time)]
Sha256 = Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RecordsFile(_Strict):
    """One Parquet file of records."""

    name: Annotated[str, StringConstraints(pattern=r"^records-\d{5,}\.parquet$")]
    rows: Annotated[int, Field(ge=0)]
    sha256: Sha256


class MediaCount(_Strict):
    """The number of kept files, their bytes, and how many were lost before the export."""

    files: int = 0
    bytes: int = 0
    missing: int = 0


class Manifest(_Strict):
    """What `manifest.json` says of an export."""

    format: Literal["sensorium-export"] = FORMAT
    version: Literal[1] = VERSION
    collection: dict[str, Any] = Field(alias="schema")
    owner: str
    created_at: Time
    records: int
    points: int
    files: list[RecordsFile]
    media: MediaCount


def read_manifest(directory: Path) -> Manifest:
    """Read and check the manifest, without looking at the files it names.

    Raises:
        ExportFormatError: There is no manifest, it is damaged, or its version is newer.
    """
    path = inside(directory, MANIFEST)
    if path.stat().st_size > LARGEST_MANIFEST:
        raise damage_error(path, f"it is larger than {LARGEST_MANIFEST} bytes")
    try:
        content = path.read_bytes()
        fields = json.loads(content)
        if isinstance(fields, dict) and fields.get("format") == FORMAT:
            _check_version(path, fields.get("version"))
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise damage_error(path, first_problem(error)) from error
    except (ValueError, RecursionError) as error:
        raise damage_error(path, str(error)) from error


def check_records(directory: Path, manifest: Manifest) -> None:
    """Check that every Parquet file is there and undamaged.

    Raises:
        ExportFormatError: A file is missing or damaged; the message names it.
    """
    names = [file.name for file in manifest.files]
    if len(set(names)) != len(names) or sum(file.rows for file in manifest.files) != (
        manifest.points
    ):
        raise damage_error(directory / MANIFEST, "its files and counts disagree")
    for file in manifest.files:
        path = inside(directory, file.name)
        if sha256_of(path) != file.sha256:
            raise damage_error(path, "its digest is not the one in the manifest")


def media_files(directory: Path) -> Iterator[Path]:
    """Yield the paths of the kept files in an export."""
    return (path for path in (directory / MEDIA).glob("*/*") if path.is_file())


def inside(directory: Path, relative: str) -> Path:
    """Return the path of a regular file of the export, refusing links, which may lead anywhere.

    Raises:
        ExportFormatError: There is no such file, or a link leads to it.
    """
    path = directory / relative
    if not path.is_file():
        raise ExportFormatError(
            f"the export {str(directory)!r} without {relative!r}",
            "all the files of an export",
            "name the directory that Memory.export wrote, and copy all of it",
        )
    if path.resolve() != directory.resolve() / relative:
        raise damage_error(path, "it is a link")
    return path


def sha256_of(path: Path) -> str:
    """Return the digest of a file, 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def damage_error(path: Path, why: str) -> ExportFormatError:
    """Return the error for a file that is not as it was written."""
    return ExportFormatError(
        f"the file {str(path)!r} of an export ({why})",
        "the file as Memory.export wrote it",
        "copy the export again, or make a new one",
    )


def _check_version(path: Path, version: object) -> None:
    if isinstance(version, int) and version > VERSION:
        raise ExportFormatError(
            f"{str(path)!r}, an export of version {version}",
            f"version {VERSION}, which this release reads",
            "run: pip install --upgrade sensorium",
        )
