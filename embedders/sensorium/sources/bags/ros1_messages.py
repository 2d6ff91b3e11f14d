"""Messages of a ROS 1 bag, each read where it lies.

`rosbags` knows the bag's index and how its chunks are packed. It reads a chunk whole and copies
each message out of it; here a large message is read from the file alone, once, and what nobody
wants not at all. Source of the layout: the ROS wiki, Bags/Format/2.0.
"""

from __future__ import annotations

import heapq
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag1 import Reader

WORD = struct.Struct("<I")
MESSAGE, CONNECTION = 2, 7  # kinds of records, which their headers call "op"
LARGE = 16 * 1024  # bytes of a chunk for each message wanted, from which they are read alone
HEAD = 128  # bytes that a header and both lengths around it mostly fit into


class Record(NamedTuple):
    """Where a record of a chunk has its data."""

    op: int
    connection: int
    start: int
    size: int


def messages(
    reader: Reader, connections: Sequence[Connection], start: int | None, stop: int | None
) -> Iterator[tuple[Connection, int, bytes]]:
    """Yield messages in the order of their log times, with their connections and these times.

    Args:
        reader: The open bag.
        connections: Those whose messages are wanted.
        start: First log time, in nanoseconds; `None` for the first of all.
        stop: Log time that is too late.
    Raises:
        ValueError: A record is not what the index says, or ends too early.
    """
    from rosbags.rosbag1.reader import decompressors

    by_id = {each.id: each for each in connections}
    indexes = [reader.indexes[each.id] for each in connections]
    wanted = Counter(entry.chunk_pos for index in indexes for entry in index)
    held: tuple[int, bytes] = (-1, b"")
    assert reader.bio is not None
    for entry in heapq.merge(*indexes):
        if start is not None and entry.time < start:
            continue
        if stop is not None and entry.time >= stop:
            return
        chunk = reader.chunks[entry.chunk_pos]
        plain = chunk.decompressor is decompressors["none"]
        if plain and chunk.datasize >= LARGE * wanted[entry.chunk_pos]:
            number, content = _alone(reader.bio, chunk.datapos + entry.offset)
        else:
            if held[0] != entry.chunk_pos:
                reader.bio.seek(chunk.datapos)
                held = -1, b""  # before the next one takes memory
                packed = reader.bio.read(chunk.datasize)
                held = entry.chunk_pos, bytes(chunk.decompressor(packed))
            number, content = _within(held[1], entry.offset)
        if number not in by_id:
            raise ValueError(f"a message of connection {number} where the index has another")
        yield by_id[number], entry.time, content


def _alone(file: BinaryIO, place: int) -> tuple[int, bytes]:
    """Return the connection and the content of the message at a place in a file."""
    while True:
        file.seek(place)
        head = file.read(HEAD)
        if len(head) >= WORD.size and (size := WORD.unpack_from(head)[0]) > len(head) - 8:
            head += file.read(size + 8 - len(head))
        record = _record(head, 0)
        if record.op != CONNECTION:
            break
        place += record.start + record.size
    file.seek(place + record.start)
    return record.connection, _whole(file.read(record.size), record)


def _within(chunk: bytes, place: int) -> tuple[int, bytes]:
    """Return the connection and the content of the message at a place in a chunk."""
    record = _record(chunk, place)
    while record.op == CONNECTION:
        record = _record(chunk, record.start + record.size)
    return record.connection, _whole(chunk[record.start : record.start + record.size], record)


def _whole(content: bytes, record: Record) -> bytes:
    if record.op != MESSAGE or len(content) != record.size:
        raise ValueError("a message that is cut off, or is none")
    return content


def _record(data: bytes, place: int) -> Record:
    """Return the record whose header begins at a place."""
    try:
        (size,) = WORD.unpack_from(data, place)
        place += WORD.size
        end = place + size
        fields: dict[bytes, bytes] = {}
        while place < end:
            (length,) = WORD.unpack_from(data, place)
            place += WORD.size + length
            name, _, value = data[place - length : place].partition(b"=")
            fields[name] = value
        (size,) = WORD.unpack_from(data, end)
        connection = WORD.unpack(fields[b"conn"])[0]
        return Record(fields[b"op"][0], connection, end + WORD.size, size)
    except (struct.error, KeyError, IndexError) as error:
        raise ValueError("a record without a header") from error
