"""Doors of the memory itself: conditions, ids, cursors, media, owners' names, other calls."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from sensorium.errors import SensoriumError
from sensorium.memory import AsyncMemory, Medium
from sensorium.qdrant import (
    Condition,
    Either,
    Equal,
    Every,
    Filter,
    Ids,
    Not,
    OneOf,
    Present,
    Range,
    Words,
)
from sensorium.qdrant.filters import LEDGER
from tests.attack.owners.doors import OTHER, SECRET, Doors
from tests.attack.tiny import opened, row, signal_of, tiny, walk

NAMES: tuple[Any, ...] = (
    *("max ", " max", "MAX", "max\0", "\uff4dax", "m\u200bax", "", None, 5, "*", "max\n", ["max"]),
    *("a" * 600, "../max", "max/.."),
)

FORGED = {"owner": OTHER, "with": "rex", "tags": [], "rights": "read", "since": "2026-01-01"}


def ask(doors: Doors) -> None:
    """Try every door of the API."""
    for where in _conditions(doors):
        _with_condition(doors, where)
    doors.check("conditions")
    for name in doors.names:
        _with_id(doors, name)
    doors.check("ids")
    _with_media(doors)
    _with_shares(doors)
    doors.knock("cursor", lambda: list(doors.mine.timeline(cursor=doors.cursor)))
    for name in NAMES:
        doors.knock(f"owner {name!r}", lambda: list(doors.mine.for_owner(name).timeline()))  # noqa: B023 - called at once
    _with_the_whole(doors)
    asyncio.run(_asynchronously(doors))
    doors.check("calls of AsyncMemory")


def _conditions(doors: Doors) -> Iterator[Any]:
    """Yield conditions that a filter on the owner might be undone by."""
    points = tuple(point.id for point in doors.points)
    yield from ({"owner": OTHER}, {'"owner"': OTHER}, {"k": SECRET}, {"../owner": OTHER})
    yield {"owner[]": OTHER}
    for make in (
        *(lambda: Equal("owner", OTHER), lambda: Not(Equal("owner", "rex"))),
        *(_everybody, lambda: Not(Not(_everybody())), lambda: Every((Equal("owner", OTHER),))),
        *(lambda: OneOf("owner", (OTHER, "rex")), lambda: Ids(points), lambda: Not(Ids(("x",)))),
        *(lambda: Present("part_of"), lambda: Range("part", gte=0)),
        *(lambda: Words("page_content", SECRET), lambda: Every(()), lambda: Not(Every(()))),
        *(lambda: Not(Either(())), lambda: Either(())),
        *(lambda: Equal("owner[]", OTHER), lambda: Equal('"owner"', OTHER)),
        lambda: Either((Not(Present("metadata.nothing")), Equal("owner", OTHER))),
    ):
        with suppress(SensoriumError):  # refused as soon as it is made
            yield make()


def _everybody() -> Condition:
    return Either((Equal("owner", OTHER), Present("owner")))


def _with_condition(doors: Doors, where: Any) -> None:
    mine = doors.mine
    calls: dict[str, Callable[[], object]] = {
        "timeline": lambda: list(mine.timeline(where=where)),
        "recall": lambda: mine.recall(row("x"), where=where, limit=50),
        "keywords": lambda: mine.recall(keywords=SECRET, where=where),
        "tally": lambda: mine.tally("tags", where=where),
        "sources": lambda: mine.tally("source", where=where),
        "forget media": lambda: mine.forget(where=where, media_only=True),
        "forget one": lambda: mine.forget("secret0", where=where),
    }
    for name, act in calls.items():
        result = doors.knock(f"{name} {_plain(where)}", act)
        if name == "forget one" and isinstance(result, int) and result:
            doors.opened(f"forget one {_plain(where)}", result)
    counted = doors.knock(f"count {_plain(where)}", lambda: mine.count(where=where))
    if isinstance(counted, int) and counted > sum(1 for _ in walk(mine)):
        doors.opened(f"count {_plain(where)}", counted)


def _plain(where: object) -> str:
    return repr(where).replace(SECRET, "...")[:120]


def _with_id(doors: Doors, name: str) -> None:
    mine = doors.mine
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: mine.get(name),
        "get_many": lambda: mine.get_many([name]),
        "update": lambda: mine.update(name, tags=["stolen"]),
        "reword": lambda: mine.update(name, text="stolen"),
        "give vectors": lambda: mine.update(name, vectors={"text": row("x")}),
        "like": lambda: mine.recall(like=name),
        "forget media": lambda: mine.forget(name, media_only=True),
    }
    for call, act in calls.items():
        doors.knock(f"{call} {name}", act)
    if doors.knock(f"forget {name}", lambda: mine.forget(name)) == 1:
        doors.opened(f"forget {name}", "one record was removed")
    doors.knock(f"remember as {name}", lambda: mine.remember(text="taken", id=name))
    doors.knock(f"forget it again {name}", lambda: mine.forget(name))


def _with_media(doors: Doors) -> None:
    medium = next(one for one in doors.theirs.get("secret0").media if one.file)
    file = medium.file or ""
    outside = ("../" * 3 + "etc/passwd", "/etc/passwd", file + "\n", f"../{file}", file.upper())
    for name in (file, "a" * 64 + ".png/../x", *outside, 5, b"x"):
        forged = Medium("image", medium.digest, file=name)  # type: ignore[arg-type]
        read = partial(_read, doors, forged)
        if isinstance(doors.knock(f"medium {name!r}", read), bytes):
            doors.opened(f"medium {name!r}", "was read")


def _read(doors: Doors, medium: Medium) -> bytes:
    return signal_of(doors.mine.open_medium(medium))


def _with_shares(doors: Doors) -> None:
    """Share, end and look at shares as if the other's were one's own."""
    mine = doors.mine
    offered = [record for record in mine.timeline() if record.owner == OTHER]
    if [record.text for record in offered] != ["offered"]:
        doors.opened("what is offered", offered)
    for record in offered:
        _with_id(doors, record.id)
        if doors.knock("media offered", lambda: mine.forget(tags=["offered"], media_only=True)):
            doors.opened("media offered", "were forgotten")
    calls: dict[str, Callable[[], object]] = {
        "shares": mine.shares,
        "share it on": lambda: mine.share(with_="fido", tags=["offered"]),
        "share all": lambda: mine.share(with_="fido", everything=True),
        "share with its owner": lambda: mine.share(with_=OTHER, everything=True),
        "end those of others": lambda: mine.unshare(from_="fido"),
        "end all": lambda: mine.unshare(everything=True),
        "the ledger": lambda: list(mine.timeline(where=Equal("owner", LEDGER))),
        "the ledger's owner": lambda: list(mine.for_owner(LEDGER).timeline()),
        "a share of one's own making": lambda: mine.remember(
            text="", vectors={}, source=OTHER, tags=["rex"], metadata=FORGED
        ),
    }
    for name, act in calls.items():
        doors.knock(name, act)
    with doors.mine.for_owner("fido") as fido:
        for record in fido.timeline():
            if record.owner not in (OTHER, "fido") or "offered" in record.tags:
                doors.opened("shared on", record)
    doors.knock("leave", lambda: mine.unshare(from_=OTHER))
    if any(record.owner == OTHER for record in mine.timeline()):
        doors.opened("leave", "it is still there")
    doors.check("shares")


def _with_the_whole(doors: Doors) -> None:
    """Calls that work on everything an owner has."""
    mine, home = doors.mine, doors.home
    doors.knock("stats", mine.stats)
    doors.knock("sweep", mine.sweep)
    doors.check("sweep")
    doors.knock("reembed", lambda: mine.reembed(tiny("other")))
    doors.check("reembed")
    doors.knock("export", lambda: mine.export(home / "export"))
    for path in (home / "export").rglob("*"):
        if path.is_file():
            doors.judge(f"export {path.name}", path.read_bytes().decode("latin-1"))
    doors.knock("promote", lambda: mine.promote(home / "copy"))
    with opened(home / "copy", owner=OTHER) as copy:
        doors.judge("the copy", repr(list(copy.timeline())))
    doors.knock("forged import", lambda: _forge(doors))
    doors.check("forged import")
    doors.knock("forget everything", lambda: mine.forget(everything=True))
    doors.knock("sweep again", mine.sweep)
    doors.check("forget everything")


def _forge(doors: Doors) -> object:
    """Import an export of mine that names the other's points and owner."""
    bait = doors.home / "bait"
    doors.mine.remember(text="bait", id="bait")
    doors.mine.export(bait)
    manifest = json.loads((bait / "manifest.json").read_text(encoding="utf-8"))
    file = bait / manifest["files"][0]["name"]
    table = parquet.read_table(file)
    shape = table.to_pylist()[0]
    payload = json.loads(shape["payload"])
    forged = []
    for point in doors.points[:4]:
        loose = {key: one for key, one in payload.items() if key != "id"}
        digest = point.payload.get("digest") or ["0" * 64]
        for changed, more in (
            ({**payload, "owner": OTHER, "id": "secret1"}, {}),
            ({**loose, "owner": OTHER, "digest": digest}, {}),
            ({**loose, "part_of": point.id, "part": 1}, {"part_of": point.id}),
        ):
            given = {"id": point.id, "payload": json.dumps(changed), "owner": OTHER, **more}
            forged.append({**shape, **given})
    parquet.write_table(pa.Table.from_pylist(forged, schema=table.schema), file)
    digest_now = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest["files"][0] |= {"rows": len(forged), "sha256": digest_now}
    manifest |= {"points": len(forged), "owner": OTHER, "records": 8}
    (bait / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return doors.mine.import_(bait)


async def _asynchronously(doors: Doors) -> None:
    memory = AsyncMemory(doors.mine)
    for name in doors.names:
        for call in (memory.get, memory.forget):
            result: object
            try:
                result = await call(name)
            except Exception as error:  # a refusal is as it must be; what it shows is looked at
                result = error
            doors.judge(f"async {call.__name__} {name}", f"{result!r} {result}")
    shown = [await memory.timeline(), await memory.recall(keywords="words"), await memory.stats()]
    doors.judge("async timeline, recall, stats", repr(shown))
    doors.judge("async tally", repr(await memory.tally("tags")))
    everybody = Filter("rex", Present("owner"))
    doors.judge("backend", repr(doors.mine.backend.scroll(everybody, limit=100).points))
