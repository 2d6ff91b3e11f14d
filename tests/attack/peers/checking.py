"""A folder that several processes wrote to, compared with what each of them acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sensorium.errors import SensoriumError
from sensorium.memory import Memory, Record
from sensorium.percepts import Image
from tests.attack.kills.checking import Wrong, compare, examine
from tests.attack.peers.lives import Lineage
from tests.attack.tiny import file_states, opened, png, walk


def check_folder(folder: Path, lines: list[Lineage]) -> Wrong:
    """Return what is wrong with a folder that nobody has open any more."""
    wrong: Wrong = []
    for owner in sorted({line.owner for line in lines}):
        try:
            with opened(folder, owner=owner) as memory:
                wrong += _check(memory, [line for line in lines if line.owner == owner])
        except SensoriumError as error:
            wrong.append(("unopenable", f"{type(error).__name__}: {error}"))
    return wrong


def _check(memory: Memory, lines: list[Lineage]) -> Wrong:
    wrong: Wrong = []
    told: set[str] = set()
    for line in lines:
        wrong += compare(memory, line.ledger)
        told |= line.ledger.known.keys() | line.ledger.unsure | line.begun.keys()
    listed = list(walk(memory))
    for name, number in Counter(record.id for record in listed).items():
        if number > 1:
            wrong.append(("doubled", f"{name} is listed {number} times"))
    for record in listed:
        wrong += [(kind, f"{record.id}: {said}") for kind, said in examine(memory, record)]
        if record.source != "stream" and record.id not in told:
            wrong.append(("doubled", f"{record.id}, which nobody remembered"))
        wrong += [("half", said) for said in _mixed(memory, record, lines)]
    if memory.count() != len(listed):
        wrong.append(("half", f"count says {memory.count()}, the timeline has {len(listed)}"))
    return wrong


def _mixed(memory: Memory, record: Record, lines: list[Lineage]) -> Iterator[str]:
    """Say what is wrong with a record that all processes wrote: it is as one of them left it."""
    begun = [token for line in lines for token in line.begun.get(record.id, ())]
    if not begun:
        return
    token = record.text
    if token not in begun:
        yield f"{record.id}: {token}, which nobody wrote"
    if list(record.tags) != [token] or record.metadata != {"token": token}:
        yield f"{record.id}: {token} with {record.tags} and {record.metadata}"
    if Image(png(token)).digest not in {medium.digest for medium in record.media}:
        yield f"{record.id}: {token} with the picture of another"
    if len(list(file_states(memory, record))) != 1:
        yield f"{record.id}: {token} with {len(list(file_states(memory, record)))} files"
