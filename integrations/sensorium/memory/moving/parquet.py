"""The Parquet files of an export: points as rows, written and read a row group at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from sensorium.errors import MissingExtraError, first_problem
from sensorium.memory.checks import check_metadata, check_tags
from sensorium.memory.holding.links import LINKED
from sensorium.memory.layout.ids import check_id
from sensorium.memory.layout.parts import PAGE
from sensorium.memory.media.store import NAME
from sensorium.memory.moving.manifest import (
    Manifest,
    RecordsFile,
    Sha256,
    Time,
    damage_error,
    inside,
    sha256_of,
)
from sensorium.memory.records import Origin
from sensorium.percepts import Place, Pose
from sensorium.percepts.source import Array
from sensorium.qdrant.payload_form import as_read, written_out
from sensorium.qdrant.points import Payload, Point, StoredPoint, Vectors, from_iso
from sensorium.qdrant.schema import CollectionSchema

GROUP_ROWS = 1_000  # rows of a row group
GROUP_BYTES = 64 * 2**20  # bytes of vectors after which a row group ends earlier
FILE_ROWS = 100_000  # rows of a file
COPIED = ("owner", "page_content", "part_of")  # payload keys of text that get a column
LISTED = ("modalities", "tags")  # payload keys of lists of text that get a column


KeptName = Annotated[str, StringConstraints(pattern=f"^{NAME.pattern}$")]
Count = Annotated[int, Field(ge=1)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Digests = Annotated[list[Sha256], Field(min_length=1)]


class _MediumFields(BaseModel):
    """The fields that a payload may have for a percept."""

    model_config = ConfigDict(extra="forbid", strict=True)

    modality: str
    digest: Sha256
    file: KeptName | None = None
    mime: str | None = None
    bytes: Annotated[int, Field(ge=0)] = 0
    units: dict[str, Any] = {}
    duration: Number | None = None
    uri: str | None = None
    at: Time | None = None
    row: Annotated[int, Field(ge=0)]
    rows: Count
    spans: list[tuple[Number, Number]] = []
    of: Sha256 | None = None


class _PlaceFields(BaseModel):
    """The fields of a place on Earth."""

    model_config = ConfigDict(extra="forbid", strict=True)

    lat: Number
    lon: Number
    altitude: Number | None = None

    @model_validator(mode="after")
    def _is_place(self) -> _PlaceFields:
        Place(self.lat, self.lon, self.altitude)
        return self


class _PoseFields(BaseModel):
    """The fields of a pose in a frame."""

    model_config = ConfigDict(extra="forbid", strict=True)

    x: Number
    y: Number
    z: Number
    yaw: Number | None = None
    frame: str

    @model_validator(mode="after")
    def _is_pose(self) -> _PoseFields:
        Pose(self.x, self.y, self.z, self.yaw, self.frame)
        return self


class _PayloadFields(BaseModel):
    """The fields that a payload must and may have before it is stored."""

    model_config = ConfigDict(extra="allow", strict=True)

    owner: str
    at: Time
    created_at: Time
    until: Time | None = None
    expires_at: Time | None = None
    modalities: list[str]
    page_content: str
    tags: Annotated[list[str], AfterValidator(check_tags)] = []
    flags: list[str] = []
    digest: list[Sha256] | None = None
    origin: Digests | None = None
    hashes: list[KeptName] = []
    media: list[_MediumFields] = []
    metadata: dict[str, Any] = {}
    windows: dict[str, int] = {}
    rows: dict[str, Count] = {}
    parts: Count | None = None
    id: Annotated[str, AfterValidator(check_id)] | None = None
    part_of: str | None = None
    part: Count | None = None
    source: str | None = None
    place: _PlaceFields | None = None
    pose: _PoseFields | None = None
    supersedes: list[Annotated[str, AfterValidator(check_id)]] | None = None
    superseded_by: list[Annotated[str, AfterValidator(check_id)]] | None = None
    superseded_until: Time | None = None
    version_of: Annotated[str, AfterValidator(check_id)] | None = None
    provenance: Origin | None = None
    salience: Number | None = None
    schema_version: Literal[1]

    @model_validator(mode="after")
    def _agree(self) -> _PayloadFields:
        if check_metadata(self.metadata) != self.flags:
            raise ValueError("flags do not fit the metadata")
        if (self.part_of is None) != (self.part is None):
            raise ValueError("part_of and part do not go together")
        if self.part_of is None and self.digest is None:
            raise ValueError("digest is missing")
        if self.digest == [] and self.id is None:
            raise ValueError("neither content nor an id")
        return self


def pyarrow() -> Any:
    """Import the package that writes Parquet.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError.for_package("pyarrow", "export") from error
    return pyarrow


class RecordsWriter:
    """Writes points to the Parquet files of a directory, holding one row group at a time."""

    def __init__(self, directory: Path, modalities: Sequence[str]) -> None:
        """Write to a directory without Parquet files.

        Args:
            directory: Directory of the export.
            modalities: Modalities that get a column.
        """
        self._pa = pyarrow()
        self._directory = directory
        self._modalities = modalities
        self._held: list[StoredPoint] = []
        self._held_bytes = 0
        self._file: Any = None
        self._rows = 0  # rows of the open file
        self._files: list[RecordsFile] = []

    def add(self, point: StoredPoint) -> None:
        """Add a point; a row group is written when it is full."""
        self._held.append(point)
        self._held_bytes += sum(rows.nbytes for rows in point.vectors.values())
        if len(self._held) >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self._write_group()
        if self._rows >= FILE_ROWS:
            self._end_file()

    def finish(self) -> list[RecordsFile]:
        """Write the points that are still held, and return the files."""
        if self._held or not self._files:
            self._write_group()
        self._end_file()
        return self._files

    def close(self) -> None:
        """Close a file that was not finished."""
        if self._file is not None:
            self._file.close()

    def _write_group(self) -> None:
        table = _table(self._pa, self._held, self._modalities)
        if self._file is None:
            path = self._directory / _file_name(len(self._files))
            self._file = _parquet_writer(self._pa, path, table.schema)
        self._file.write_table(table)
        self._rows += len(self._held)
        self._held, self._held_bytes = [], 0

    def _end_file(self) -> None:
        if self._file is None:
            return
        self._file.close()
        name = _file_name(len(self._files))
        digest = sha256_of(self._directory / name)
        self._files.append(RecordsFile(name=name, rows=self._rows, sha256=digest))
        self._file, self._rows = None, 0


def write_points(
    path: Path,
    points: Sequence[Point | StoredPoint],
    modalities: Sequence[str],
    notes: Mapping[str, str],
) -> None:
    """Write all points of one Parquet file, a row group at a time.

    Args:
        path: Path of the file.
        points: The points.
        modalities: Modalities that get a column.
        notes: Texts that the file has beside its rows.
    """
    pa = pyarrow()
    schema = _table(pa, [], modalities).schema.with_metadata(dict(notes))
    with _parquet_writer(pa, path, schema) as file:
        for start in range(0, len(points), GROUP_ROWS):
            table = _table(pa, points[start : start + GROUP_ROWS], modalities)
            file.write_table(table)


def read_notes(path: Path) -> dict[str, str]:
    """Return the texts that a Parquet file has beside its rows.

    Raises:
        ExportFormatError: It is no Parquet file, or damaged.
    """
    pa = pyarrow()
    try:
        found = pa.parquet.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as error:
        raise damage_error(path, str(error)) from error
    return {name.decode(): text.decode() for name, text in found.items()}


def read_ids(path: Path) -> Iterator[tuple[str, str | None]]:
    """Yield of each point its id, and the id of the record that it continues.

    Raises:
        ExportFormatError: The file is damaged.
    """
    yield from _read_texts(path, "id", "part_of")


def drop_rows(path: Path, target: Path, dropped: Collection[int]) -> None:
    """Write a Parquet file again without some of its rows, with its notes.

    Args:
        path: The file.
        target: Path of the new file.
        dropped: Indices of the rows that are left out.
    """
    pa = pyarrow()
    with pa.parquet.ParquetFile(path) as parquet:
        schema, start = parquet.schema_arrow, 0
        with _parquet_writer(pa, target, schema) as file:
            for batch in parquet.iter_batches(GROUP_ROWS):
                kept = [row for row in range(batch.num_rows) if start + row not in dropped]
                file.write_batch(batch.take(pa.array(kept, pa.int64())))
                start += batch.num_rows


def _parquet_writer(pa: Any, path: Path, schema: Any) -> Any:
    return pa.parquet.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[*COPIED, *(f"{name}.list.element" for name in LISTED)],
    )


def read_records(
    directory: Path, manifest: Manifest, schema: CollectionSchema
) -> Iterator[list[Point]]:
    """Yield the points of an export, a few at a time: all records, then their continuations.

    Raises:
        ExportFormatError: The columns are not those of an export, or a payload is damaged.
    """
    for parts in (False, True) if manifest.points > manifest.records else (False,):
        for file in manifest.files:
            yield from _read_file(inside(directory, file.name), file, schema, parts=parts)


def read_continued(directory: Path, manifest: Manifest) -> dict[str, Payload]:
    """Return the payload of each record that other points continue, or name, by its id.

    Raises:
        ExportFormatError: A file or a payload is damaged.
    """
    paths = [inside(directory, file.name) for file in manifest.files]
    names = (row[0] for path in paths for row in _read_texts(path, "part_of"))
    wanted = {name for name in names if name is not None} | _linked(paths)
    found: dict[str, Payload] = {}
    for path in paths if wanted else ():
        for name, text in _read_texts(path, "id", "payload"):
            if name in wanted:
                found[name] = _payload(path, text)
                if "part_of" in found[name]:
                    raise damage_error(path, "a point that continues another, and is continued")
    return found


def _linked(paths: Sequence[Path]) -> set[str]:
    """Return the ids by which records name those that they supersede, and the other way round."""
    texts = ((path, row[0]) for path in paths for row in _read_texts(path, "payload"))
    linked = (
        _payload(path, text)
        for path, text in texts
        if text is not None and any(f'"{key}"' in text for key in LINKED)
    )
    return {str(name) for payload in linked for name in names_in(payload)}


def names_in(payload: Payload) -> Iterator[str]:
    """Yield the ids of records that a payload names."""
    for key in LINKED:
        named = payload.get(key)
        yield from [named] if isinstance(named, str) else named or ()


def _read_texts(path: Path, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some columns of text, after a look at all columns that are no vectors."""
    pa = pyarrow()
    try:
        with pa.parquet.ParquetFile(path) as parquet:
            _check_columns(pa, path, parquet.schema_arrow, ())
            for batch in parquet.iter_batches(GROUP_ROWS, columns=list(columns)):
                rows = [batch.column(name).to_pylist() for name in columns]
                yield from zip(*rows, strict=True)
    except (pa.ArrowException, OSError) as error:
        raise damage_error(path, str(error)) from error


def _read_file(
    path: Path, file: RecordsFile, schema: CollectionSchema, *, parts: bool
) -> Iterator[list[Point]]:
    pa = pyarrow()
    columns = ["id", "payload", "part_of", *schema.modalities]
    try:
        with pa.parquet.ParquetFile(path) as parquet:
            _check_columns(pa, path, parquet.schema_arrow, schema.modalities)
            if parquet.metadata.num_rows != file.rows:
                raise damage_error(path, f"{parquet.metadata.num_rows} rows instead of {file.rows}")
            for batch in parquet.iter_batches(PAGE, columns=columns):
                part_of = batch.column("part_of")
                wanted = batch.filter(part_of.is_valid() if parts else part_of.is_null())
                if wanted.num_rows:
                    yield _points(path, wanted, schema)
    except (pa.ArrowException, OSError) as error:
        raise damage_error(path, str(error)) from error


def _file_name(index: int) -> str:
    return f"records-{index:05d}.parquet"


def _table(pa: Any, points: Sequence[Point | StoredPoint], modalities: Sequence[str]) -> Any:
    payloads = [written_out(point.payload) for point in points]
    texts = [json.dumps(payload, ensure_ascii=False, allow_nan=False) for payload in payloads]
    times = [from_iso(payload["at"]) if "at" in payload else None for payload in payloads]
    listed = pa.list_(pa.string())
    columns: dict[str, Any] = {
        "id": pa.array([point.id for point in points], pa.string()),
        "payload": pa.array(texts, pa.string()),
        "at": pa.array(times, pa.timestamp("us", tz="UTC")),
    }
    for name in COPIED:
        columns[name] = pa.array([payload.get(name) for payload in payloads], pa.string())
    for name in LISTED:
        columns[name] = pa.array([payload.get(name) for payload in payloads], listed)
    for name in modalities:
        columns[name] = _vector_column(pa, [point.vectors.get(name) for point in points])
    return pa.table(columns)


def _vector_column(pa: Any, rows: Sequence[Vectors | None]) -> Any:
    """Build a column of lists of lists of float32, null where there are no rows."""
    given = [each for each in rows if each is not None]
    flat = np.concatenate([each.ravel() for each in given]) if given else np.empty(0, np.float32)
    inner = np.cumsum([0, *(each.shape[1] for each in given for _ in each)], dtype=np.int32)
    outer = np.cumsum([0, *(0 if each is None else len(each) for each in rows)], dtype=np.int32)
    null = np.array([each is None for each in rows] + [False], dtype=bool)
    windows = pa.ListArray.from_arrays(pa.array(inner), pa.array(flat, pa.float32()))
    return pa.ListArray.from_arrays(pa.array(outer, mask=null), windows)


def _check_columns(pa: Any, path: Path, schema: Any, modalities: Sequence[str]) -> None:
    vectors = pa.list_(pa.list_(pa.float32()))
    texts = dict.fromkeys(("id", "payload", "part_of"), pa.string())
    expected = {**texts, **dict.fromkeys(modalities, vectors)}
    for name, kind in expected.items():
        if name not in schema.names or schema.field(name).type != kind:
            raise damage_error(path, f"without a column {name!r} of {kind}")


def _points(path: Path, batch: Any, schema: CollectionSchema) -> list[Point]:
    dimension = schema.space.dimension
    columns = {name: _read_vectors(path, batch, name, dimension) for name in schema.modalities}
    texts, records = (batch.column(name).to_pylist() for name in ("payload", "part_of"))
    points = []
    for row, given in enumerate(batch.column("id").to_pylist()):
        vectors = {name: rows[row] for name, rows in columns.items()}
        present = {name: rows for name, rows in vectors.items() if rows is not None}
        point = Point(_point_id(path, given), present, _payload(path, texts[row]))
        if point.payload.get("part_of") != records[row]:
            raise damage_error(path, "two different part_of of one point")
        _check_rows(path, point)
        points.append(point)
    return points


def _check_rows(path: Path, point: Point) -> None:
    """Check that a payload fits the vectors of its point."""
    payload = point.payload
    rows = {name: len(vectors) for name, vectors in point.vectors.items()}
    modalities = payload["modalities"]
    if "part_of" in payload:
        fits = bool(rows) and set(modalities) >= rows.keys()
    else:
        fits = modalities == sorted(rows)
    if not fits:
        raise damage_error(path, f"a payload where modalities={modalities!r}, with {sorted(rows)}")
    if payload.get("windows", {}) != {name: count for name, count in rows.items() if count > 1}:
        raise damage_error(path, f"a payload where windows={payload.get('windows')!r}")


def _point_id(path: Path, text: str | None) -> str:
    try:
        return str(UUID(text))
    except (ValueError, TypeError) as error:
        raise damage_error(path, f"{text!r} is not an id") from error


def _payload(path: Path, text: str | None) -> Payload:
    try:
        _PayloadFields.model_validate_json(text or "")
        payload: Payload = json.loads(text or "")
    except ValidationError as error:
        raise damage_error(path, f"a payload where {first_problem(error)}") from error
    except (ValueError, RecursionError) as error:
        raise damage_error(path, f"a payload that is not JSON: {error}") from error
    return as_read(payload)


def _read_vectors(path: Path, batch: Any, name: str, dimension: int) -> list[Vectors | None]:
    """Return the windows of each row, `(W, dimension)` float32; `None` for a row without any."""
    column = batch.column(name)
    windows = column.values
    numbers: Array = windows.values.to_numpy(zero_copy_only=False)
    outer: Array = column.offsets.to_numpy()
    inner: Array = windows.offsets.to_numpy()
    rows: list[Vectors | None] = []
    for row, is_present in enumerate(column.is_valid().to_pylist()):
        first, end = outer[row], outer[row + 1]
        lengths = np.diff(inner[first : end + 1])
        if is_present and (end == first or (lengths != dimension).any()):
            raise damage_error(path, f"{name} vectors that are not of {dimension} numbers")
        flat = numbers[inner[first] : inner[end]]
        rows.append(flat.reshape(-1, dimension).astype(np.float32) if is_present else None)
    return rows
