"""What is passed between processes, as msgpack: plain values, and a fixed set of our own types.

Nothing is pickled: a message can only ever become one of these types, whose checks it must pass.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

from sensorium import errors
from sensorium.errors import PointError, SensoriumError, StoreError, show
from sensorium.qdrant import filters
from sensorium.qdrant.backend import Purged, Search
from sensorium.qdrant.erasing import Erasure
from sensorium.qdrant.filters import Filter
from sensorium.qdrant.points import Page, Point, Scored, StoredPoint
from sensorium.qdrant.schema import CollectionSchema

# The order is the protocol's: a type's number is its place, so new ones are added at the end.
TYPES: tuple[type, ...] = (
    *(Point, StoredPoint, Scored, Page, Search, Purged, Erasure, Filter),
    *(filters.Equal, filters.OneOf, filters.Range, filters.Words, filters.Present, filters.Ids),
    *(filters.Every, filters.Either, filters.Not),
    *(filters.Near, filters.Shared),
)
ROWS, SET, TUPLE, SCHEMA, ERROR, OS_ERROR = 100, 101, 102, 103, 104, 105
NUMBERS = {each: number for number, each in enumerate(TYPES)}
FIELDS = {each: tuple(field.name for field in dataclasses.fields(each)) for each in TYPES}
DTYPES = frozenset({"<f4", "<f8"})


def encode(value: Any) -> bytes:
    """Write a value.

    Raises:
        PointError: Something in it is neither plain nor of a known type.
    """
    try:
        return _encoder.encode(_prepared(value))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise PointError(
            f"a value that cannot be passed to the process that holds the memory ({error})",
            "JSON: text without halves of characters, numbers of 64 bits, lists and dictionaries",
            "convert it first",
        ) from error


def decode(content: bytes | bytearray | memoryview) -> Any:
    """Read what `encode` wrote.

    Raises:
        ConnectionAbortedError: It is something else, or a value that its type refuses.
    """
    try:
        return _decoder.decode(content)
    except ConnectionAbortedError:
        raise
    except (
        *(msgspec.DecodeError, TypeError, ValueError, OverflowError, RecursionError),
        *(KeyError, IndexError, AttributeError),
    ) as error:
        raise ConnectionAbortedError(f"a message that cannot be read: {error}") from error


def by_keyword(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by keyword as a message holds them: their values may be of our types."""
    return {name: _prepared(value) for name, value in options.items()}


def _prepared(value: Any) -> Any:
    """Replace our types, which msgspec would write as dictionaries, within lists and tuples."""
    # A store may answer with a kind of its own, whose ids are read late
    kind = Scored if isinstance(value, Scored) else type(value)
    if kind in NUMBERS:
        return _ext(NUMBERS[kind], [_prepared(getattr(value, name)) for name in FIELDS[kind]])
    if kind is list:
        return [_prepared(each) for each in value]
    if kind is tuple:
        return _ext(TUPLE, [_prepared(each) for each in value])
    if isinstance(value, (set, frozenset)):
        return _ext(SET, list(value))
    if isinstance(value, CollectionSchema):
        return _ext(SCHEMA, value.to_dict())
    return _packed_error(value) if isinstance(value, BaseException) else value


def _packed(value: object) -> Any:
    """Write what msgspec does not know: rows of vectors, and mappings that are not dictionaries."""
    if isinstance(value, np.ndarray) and value.dtype.str in DTYPES:
        rows = np.ascontiguousarray(value)
        return _ext(ROWS, [value.dtype.str, list(value.shape), rows.data.cast("B")])
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return _prepared(list(value))
    raise TypeError(f"{show(value)}, a {type(value).__name__}")


def _ext(code: int, content: Any) -> msgspec.msgpack.Ext:
    return msgspec.msgpack.Ext(code, _encoder.encode(content))


def _packed_error(error: BaseException) -> msgspec.msgpack.Ext:
    if isinstance(error, SensoriumError):
        plain = [getattr(error, field.name) for field in dataclasses.fields(error)]
        return _ext(ERROR, [type(error).__name__, plain])
    if isinstance(error, OSError):
        return _ext(OS_ERROR, [error.errno or 0, str(error.strerror or error)])
    return _packed_error(_foreign(error))


def _foreign(error: BaseException) -> StoreError:
    return StoreError(
        f"a call that failed in the process which holds the memory ({type(error).__name__}: "
        f"{show(str(error))})",
        "a call that the store can carry out",
        "look at the log of that process",
    )


def _unpacked(code: int, content: memoryview) -> Any:
    fields = _decoder.decode(content)
    if 0 <= code < len(TYPES):
        return _made(TYPES[code], fields)
    return _OTHERS[code](fields)


def _made(kind: type, fields: list[Any]) -> Any:
    try:
        return kind(*fields)
    except SensoriumError as error:
        raise ConnectionAbortedError(f"a message that cannot be read: {error}") from error


def _rows(fields: list[Any]) -> Any:
    dtype, shape, content = fields
    if dtype not in DTYPES:
        raise ValueError(f"numbers of {dtype}")
    return np.frombuffer(content, dtype).reshape(shape).copy()  # aligned, and without the message


def _error(fields: list[Any]) -> SensoriumError:
    name, values = fields
    kind = getattr(errors, name, StoreError)
    if not (isinstance(kind, type) and issubclass(kind, SensoriumError)):
        kind = StoreError
    return kind(*values)


_OTHERS: dict[int, Callable[[Any], Any]] = {
    ROWS: _rows,
    SET: set,
    TUPLE: tuple,
    SCHEMA: lambda fields: CollectionSchema.from_dict(
        fields, place="the memory of another process"
    ),
    ERROR: _error,
    OS_ERROR: lambda fields: OSError(*fields),
}
_encoder = msgspec.msgpack.Encoder(enc_hook=_packed)
_decoder = msgspec.msgpack.Decoder(ext_hook=_unpacked)
