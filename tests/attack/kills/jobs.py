"""Writers that are killed in the middle of one kind of work."""

from __future__ import annotations

import hashlib
import itertools
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from sensorium.memory import Memory, Moment
from sensorium.percepts import Image
from tests.attack.kills.checking import open_any
from tests.attack.kills.ledger import Say, change
from tests.attack.tiny import opened, png, rows, tiny

PAST = datetime(2024, 1, 1, tzinfo=timezone.utc)
PICTURES = 100  # of an export


def add_picture(memory: Memory, say: Say, name: str) -> None:
    """Remember a picture and words, and say so."""
    picture = Image(png(name))
    change(memory, say, [name], lambda: memory.remember(picture, text=name, id=name))


def write_new(folder: Path, _: int, say: Say) -> None:
    """Begin a memory, and remember one thing."""
    with opened(folder) as memory:
        say(phase="opened")
        add_picture(memory, say, "first")


def write_updates(folder: Path, seed: int, say: Say) -> None:
    """Change tags, metadata and source of the same records together, sometimes their percepts."""
    memory = opened(folder)
    names = [f"u{number}" for number in range(10)]
    for name in names:
        if not memory.get_many([name]):
            add_picture(memory, say, name)
    for number in itertools.count():
        name, version = names[number % len(names)], f"{seed}-{number}"
        tags = [version] if number % 3 else []
        fields = {"version": version, "done": True} if number % 2 else {"version": version}

        source = tags[0] if tags else "none"
        act = partial(memory.update, name, tags=tags, metadata=fields, source=source)
        change(memory, say, [name], act)
        if number % 7 == 0:
            picture = Image(png(version))
            change(memory, say, [name], partial(memory.update, name, picture))


def write_indexing(folder: Path, seed: int, say: Say) -> None:
    """Remember some, then index."""
    memory = opened(folder)
    memory.remember_many([Moment(text=f"filler {seed} {number}") for number in range(200)])
    for number in itertools.count():
        add_picture(memory, say, f"c{seed}-{number}")
        say(phase="compact")
        memory.compact()
        say(phase="compacted")


def write_reembedding(folder: Path, seed: int, say: Say) -> None:
    """Change the encoder to and fro."""
    memory = open_any(folder)
    for number in range(20):
        add_picture(memory, say, f"r{seed}-{number}")
    for number in itertools.count():
        model = "tiny" if memory.encoder.space.model != "tiny" else "other"
        say(phase=f"reembed {model}")
        memory.reembed(tiny(model))
        say(phase="reembedded")
        add_picture(memory, say, f"q{seed}-{number}")


def write_importing(folder: Path, seed: int, say: Say) -> None:
    """Import the same export again and again, and forget half of it."""
    memory = opened(folder)
    export = folder.parent / "export"
    names = [f"e{number}" for number in range(PICTURES)] + ["long"]
    if not export.exists():
        _make_export(folder.parent / "origin", export)
    for number in itertools.count():
        add_picture(memory, say, f"i{seed}-{number}")
        change(memory, say, names, lambda: memory.import_(export))
        half = names[: PICTURES // 2]
        change(memory, say, half, partial(memory.forget, *half), gone=True)


def _make_export(origin: Path, export: Path) -> None:
    with opened(origin) as memory:
        for number in range(PICTURES):
            memory.remember(Image(png(f"e{number}")), text=f"e{number}", id=f"e{number}")
        memory.remember(text="long", id="long", vectors={"audio": rows("long", 2100)})
        memory.export(export)


def write_promoting(folder: Path, seed: int, say: Say) -> None:
    """Copy to another folder, a new one each time."""
    memory = opened(folder)
    for number in itertools.count():
        add_picture(memory, say, f"p{seed}-{number}")
        target = folder.parent / f"copy{seed}-{number}"
        say(phase="promote", told={"target": str(target)})
        memory.promote(target)
        say(phase="promoted")


def write_sweeping(folder: Path, seed: int, say: Say) -> None:
    """Remember what has expired already, and sweep."""
    memory = opened(folder)
    for number in itertools.count():
        name = f"w{seed}-{number}"
        add_picture(memory, say, name)
        gone = [f"{name}x{part}" for part in range(5)]
        moments = [
            Moment(
                (Image(png(name if one == gone[0] else one)),),
                id=one,
                tags=["gone"],
                expires_at=PAST,
            )
            for one in gone
        ]
        memory.remember_many(moments)
        say(phase="sweep")
        memory.sweep()
        say(phase="swept")


def write_purging(folder: Path, seed: int, say: Say) -> None:
    """Remember words and pictures of two owners, and purge half of the first one's again."""
    memory = opened(folder)
    memory.for_owner("max").remember(text=f"of max {seed}", id=f"max {seed}")
    for number in itertools.count():
        kept, gone = f"k{seed}-{number}", secret_of(seed, number)
        add_picture(memory, say, kept)
        add_picture(memory, say, gone)
        say(unsure=[gone], told={"purging": [gone, digest_of(gone)]})
        memory.forget(gone, purge=True)
        say(now={gone: None}, told={"purged": number})


def secret_of(seed: int, number: int) -> str:
    """A random text that follows from numbers: the id and the words of a record."""
    return "x" + hashlib.sha256(f"{seed} {number}".encode()).hexdigest()[:30]


def digest_of(name: str) -> str:
    """The name of the file of a record's picture, as far as it follows from its content."""
    return hashlib.sha256(png(name)).hexdigest()
