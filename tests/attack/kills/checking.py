"""A folder after its writer's death, compared with what was acknowledged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sensorium.errors import SensoriumError, SpaceMismatchError, StoreLockedError
from sensorium.memory import Memory, Moment, Record
from tests.attack.kills.ledger import Ledger
from tests.attack.tiny import file_states, flags_of, opened, png, row, state, walk
from tests.support.traces import find_traces, text_traces

LOCKED = 40.0  # seconds for which a dead process may hold its folder: it writes its core, say
Wrong = list[tuple[str, str]]


def check_memory(folder: Path, ledger: Ledger, *, vectors: bool = True) -> Wrong:
    """Return what is wrong with a folder: the kind and the details of each problem.

    Args:
        folder: Folder of the memory.
        ledger: What was acknowledged.
        vectors: Whether the vectors must be the acknowledged ones, too.
    """
    try:
        memory = open_any(folder)
    except SensoriumError as error:
        return [("unopenable", f"{type(error).__name__}: {error}")]
    with memory:
        wrong = compare(memory, ledger, vectors=vectors)
        for record in walk(memory):
            wrong += [(kind, f"{record.id}: {said}") for kind, said in examine(memory, record)]
        memory.recall(row("question"), limit=5)
        memory.sweep()
        counted, listed = memory.count(), sum(1 for _ in walk(memory))
        if counted != listed:
            wrong.append(("half", f"count says {counted}, the timeline has {listed}"))
    return wrong


def open_any(folder: Path) -> Memory:
    """Open a memory with whichever encoder it has, when its dead holder has let go of it."""
    until = time.monotonic() + LOCKED
    while True:
        try:
            try:
                return opened(folder)
            except SpaceMismatchError:
                return opened(folder, model="other")
        except StoreLockedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def compare(memory: Memory, ledger: Ledger, *, vectors: bool = True) -> Wrong:
    """Compare the records of a memory with the acknowledged ones."""
    wrong: Wrong = []
    for name, expected in ledger.known.items():
        there = state(memory, name)
        same = there == expected if vectors else _without_rows(there) == _without_rows(expected)
        if name not in ledger.unsure and not same:
            kind = "lost" if there is None else "undone" if expected is None else "half"
            wrong.append((kind, f"{name}: is {there}, acknowledged was {expected}"))
    for tag, (least, most) in ledger.streams.items():
        count = memory.count(tags=[tag])
        if not least <= count <= most:
            kind = "lost" if count < least else "doubled"
            wrong.append((kind, f"stream {tag}: {count} windows, {least} of {most} acknowledged"))
    return wrong


def _without_rows(there: dict[str, Any] | None) -> dict[str, Any] | None:
    return there and {**there, "rows": None}


def examine(memory: Memory, record: Record) -> Iterator[tuple[str, str]]:
    """Say what is wrong with a record, whoever acknowledged it."""
    if record.expires_at and record.expires_at <= datetime.now(timezone.utc):
        yield "expired shown", f"expired at {record.expires_at}, and is listed"
        return
    for said in file_states(memory, record):
        if " " in said:
            yield "half", f"its file {said}"
    if "text" in record.modalities and not record.text:
        yield "half", "a vector of words, and no words"
    there = state(memory, record.id)
    if there and there["flags"] != flags_of(there["metadata"]):
        yield "half", f"flags {there['flags']}, metadata {there['metadata']}"


def check_new(folder: Path, ledger: Ledger) -> Wrong:
    """Check a folder whose first opening was cut short: it opens, and can be used."""
    try:
        memory = opened(folder)
    except SensoriumError as error:
        return [("unopenable", f"{ledger.phase or 'new'}: {type(error).__name__}: {error}")]
    with memory:
        wrong = compare(memory, ledger)
        memory.remember(text="more", id="more")
    return wrong


def check_promoted(folder: Path, ledger: Ledger) -> Wrong:
    """Check the source, and that a promotion which was cut short can be repeated."""
    wrong = check_memory(folder, ledger)
    target = ledger.told.get("target")
    if not target or wrong:
        return wrong
    with opened(folder) as memory:
        try:
            memory.promote(target)
            copy = opened(target)
        except SensoriumError as error:
            return [("unopenable", f"the copy: {type(error).__name__}: {error}")]
        with copy:
            expected = {record.id: state(memory, record.id) for record in walk(memory)}
            for name, one in expected.items():
                there = state(copy, name)
                if there != one:
                    wrong.append(("half", f"{name}: the copy has {there}, the source {one}"))
    return wrong


def check_swept(folder: Path, ledger: Ledger) -> Wrong:
    """Check a memory whose expired records were being swept: none comes back."""
    wrong = check_memory(folder, ledger)
    with opened(folder) as memory:
        memory.remember_many([Moment(text="live", id="live")])
        shown = [record.id for record in walk(memory) if "gone" in record.tags]
    return [*wrong, *[("expired shown", name) for name in shown]]


def check_purged(folder: Path, ledger: Ledger) -> Wrong:
    """Check that nothing is lost, and that another purge leaves no byte of what was forgotten."""
    wrong = check_memory(folder, ledger)
    gone, file = ledger.told.get("purging", ["", ""])
    if wrong or not gone:
        return wrong
    secrets = {"text": text_traces(gone), "file": [file.encode()], "picture": [png(gone)[48:64]]}
    with opened(folder) as memory:
        before = {
            record.id: state(memory, record.id) for record in walk(memory) if record.id != gone
        }
        memory.forget(gone, purge=True)
        for name, expected in before.items():
            if (there := state(memory, name)) != expected:
                wrong.append(("lost", f"{name}: is {there} after a purge, was {expected}"))
        left = find_traces(folder, secrets)
        with memory.for_owner("max") as other:
            if not other.count():
                wrong.append(("lost", "the records of another owner"))
    left |= find_traces(folder, secrets)
    wrong += [("left", f"{secret} in {sorted(files)}") for secret, files in left.items()]
    if len(list(folder.glob("shard*"))) != 1:
        wrong.append(("left", "a shard that the description does not name"))
    return wrong
