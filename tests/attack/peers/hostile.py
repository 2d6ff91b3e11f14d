"""A local process that means harm to those who share a folder: it achieves nothing."""

from __future__ import annotations

import os
import random
import resource
import shutil
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from sensorium.errors import SensoriumError
from sensorium.qdrant import CollectionSchema, Filter
from sensorium.qdrant.shared.address import socket_path
from sensorium.qdrant.shared.frames import (
    LENGTH,
    LONGEST,
    LONGEST_HELLO,
    PROTOCOL,
    Incoming,
    framed,
)
from sensorium.qdrant.shared.held_collection import space_key
from sensorium.qdrant.shared.holder import SERVED
from tests.attack.children import run_apart
from tests.attack.kills.checking import Wrong
from tests.attack.peers.bystanders import under
from tests.attack.task import Task
from tests.attack.tiny import SENSES, opened, tiny
from tests.attack.warming import warm_up
from tests.support.false_holder import FalseHolder

PATIENCE = 120.0  # seconds for one question
HELD = 2.0  # seconds for which a connection is kept
SCHEMA = CollectionSchema.for_space(tiny().space, modalities=SENSES)
NOBODY = 65534
UNSERVED = (
    *("close", "switch", "seal", "discard", "sibling", "exclusive", "describe", "after_fork", ""),
    *("identity", "folder", "schema", "name", "_using", "_shard", "_end", "__init__", "__class__"),
)
WILD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**31, 2**63 - 1, 1.5, float("nan"), "", "x" * 5000, b"\0", [], [[]], {}),
    *({"a": []}, ["a"], {"limit": 5}, Filter("nobody"), [Filter("nobody")], SCHEMA, ("a",), {1, 2}),
)
OPTIONS = ("limit", "payload", "vectors", "owner", "clear", "cursor", "newest_first", "progress")


def attack(task: Task) -> None:
    """Put each question in turn, in processes of its own."""
    warm_up(task.home)
    for number in task.turns("hostilities"):
        ask = QUESTIONS[number % len(QUESTIONS)]
        home = task.home / f"h{number}"
        home.mkdir(mode=0o755)
        ending = run_apart(partial(ask, home / "memory", task.dice(number)), patience=PATIENCE)
        if ending.kind or ending.error:
            task.findings.report(ending.kind or "refused", number, f"{ask.__name__}: {ending.told}")
        for kind, detail in ending.value or ():
            task.findings.report(kind, number, f"{ask.__name__}: {detail}")
        shutil.rmtree(home, ignore_errors=True)


def connected(folder: Path) -> socket.socket:
    """Connect to the holder."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(20)
    connection.connect(str(socket_path(folder)))
    return connection


def guest(folder: Path) -> tuple[socket.socket, Incoming]:
    """Connect as a process of this user may."""
    connection = connected(folder)
    connection.sendall(framed(["hello", PROTOCOL, os.getpid(), ""]))
    incoming = Incoming(connection)
    incoming.receive()
    return connection, incoming


def answered(connection: socket.socket) -> bytes:
    """What is answered until the end, or nothing."""
    heard = b""
    with suppress(OSError):
        while block := connection.recv(65536):
            heard += block
    return heard


def packed(content: bytes) -> bytes:
    """A frame of anything."""
    return LENGTH.pack(len(content)) + content


def strangers(folder: Path, dice: random.Random) -> Wrong:
    """Whoever does not greet as a process of Sensorium does is not answered."""
    extensions = [
        msgspec.msgpack.encode(msgspec.msgpack.Ext(c, dice.randbytes(9))) for c in range(128)
    ]
    nested = b"\xc0"
    for _ in range(600):
        nested = msgspec.msgpack.encode(msgspec.msgpack.Ext(dice.choice((100, 102)), nested))
    hello = framed(["hello", PROTOCOL, 5, ""])
    said = [
        *(b"", b"\0", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 9, LENGTH.pack(LONGEST) + b"x" * 9000),
        *(LENGTH.pack(LONGEST_HELLO + 1) + b"x" * 5000, hello[:9], hello[:-1], packed(b"")),
        *(packed(b"\x91" * 4000), packed(b"\x81\x01" * 2000), packed(b"\xdd\xff\xff\xff\xff")),
        *(packed(b"\xdf\xff\xff\xff\xff"), packed(b"\xc6\xff\xff\xff\xff"), packed(nested[:4000])),
        *(packed(each) for each in extensions),
        *(packed(b"\x94\xa5hello\x01\x05" + each[:4000]) for each in extensions[:20]),
        *(packed(dice.randbytes(dice.choice((1, 9, 200, 4000)))) for _ in range(60)),
        *(
            framed(each)
            for each in (["hello"], ["hello", 1], ["hello", PROTOCOL, "5", ""], ["x", 1])
        ),
        *(framed(["call", space_key(SCHEMA), "count", [Filter("rex")], {}]), framed(["processes"])),
    ]

    def act(place: Path) -> Wrong:
        wrong: Wrong = []
        for content in said:
            with connected(place) as connection:
                with suppress(OSError):
                    connection.sendall(content)
                    connection.shutdown(socket.SHUT_WR)
                if heard := answered(connection):
                    wrong.append(("answered", f"{content[:40]!r} with {heard[:80]!r}"))
        with connected(place) as connection:  # another protocol: it is told who is here, no more
            connection.sendall(framed(["hello", PROTOCOL + 1, 5, ""]) + framed(["processes"]))
            incoming = Incoming(connection)
            with suppress(OSError):
                incoming.receive()
                wrong.append(("answered", f"another protocol: {incoming.receive()}"))
        return wrong

    return under(act, folder)


def silent(folder: Path, dice: random.Random) -> Wrong:
    """Half messages, announcements of huge ones and silence make nobody wait, and nobody grow."""

    def act(place: Path) -> Wrong:
        held: list[socket.socket] = []
        for _ in range(40):
            connection, _ = guest(place)
            connection.sendall(LENGTH.pack(LONGEST) + b"\x93\xa4call" + b"x" * 100_000)
            held.append(connection)
            held.append(connected(place))
            held[-1].sendall(LENGTH.pack(LONGEST_HELLO)[: dice.randrange(5)])
        time.sleep(HELD)
        return []

    return under(act, folder)


def unserved(folder: Path, _: random.Random) -> Wrong:
    """A process of this user gets an error for what is not served, whatever it is called."""

    def act(place: Path) -> Wrong:
        space, wrong = space_key(SCHEMA), list[tuple[str, str]]()
        messages: tuple[list[Any], ...] = (
            *(["call", space, name, [], {}] for name in UNSERVED),
            *(["call", space], ["call"], ["call", space, "count", [], {}, 5], ["settle"]),
            *(["call", space, ["count"], [], {}], ["call", [], "count", [], {}], ["x"]),
            *(["call", space, "count", 5, {}], ["call", space, "count", [], 5], ["settle", 1, 2]),
            *(["seal"], ["switch"], ["discard"], ["begin"], ["begin", 5], ["begin", None, None]),
        )
        for message in messages:
            with suppress(OSError):
                connection, incoming = guest(place)
                with connection:
                    connection.sendall(framed(message))
                    kind, told = incoming.receive()
                    if kind != "error" or not isinstance(told, (SensoriumError, OSError)):
                        wrong.append(("answered", f"{message} with {kind} {told!r}"))
        return wrong + _one_shard(place)

    return under(act, folder)


def wild(folder: Path, dice: random.Random) -> Wrong:
    """Wild arguments for what is served end in an error, never in a crash."""

    def act(place: Path) -> Wrong:
        space = space_key(SCHEMA)
        methods = sorted(SERVED - {"compact", "purge"})
        for _ in range(400):
            given = [dice.choice(WILD) for _ in range(dice.randrange(5))]
            named = {name: dice.choice(WILD) for name in dice.sample(OPTIONS, dice.randrange(4))}
            connection, incoming = guest(place)
            with connection, suppress(OSError, SensoriumError):
                content = framed(["call", space, dice.choice(methods), given, named])
                for _ in range(dice.choice((0, 0, 0, 1, 3))):  # a bit may be another
                    at = dice.randrange(LENGTH.size, len(content))
                    content = content[:at] + dice.randbytes(1) + content[at + 1 :]
                connection.sendall(content)
                connection.shutdown(socket.SHUT_WR)
                incoming.receive()
        return []

    return under(act, folder)


def beginning(folder: Path, _: random.Random) -> Wrong:
    """Collections that somebody begins to put in place, and does not, leave nothing."""

    def act(place: Path) -> Wrong:
        connection, incoming = guest(place)
        with connection:
            for _ in range(8):
                connection.sendall(framed(["begin", SCHEMA]))
                incoming.receive()
            connection.sendall(framed(["seal"]))
            incoming.receive()
            time.sleep(HELD / 2)
        return _one_shard(place)

    return under(act, folder)


def _one_shard(folder: Path) -> Wrong:
    ends = time.monotonic() + 10
    while len(list(folder.glob("shard*"))) > 1 and time.monotonic() < ends:
        time.sleep(0.05)
    left = len(list(folder.glob("shard*"))) - 1
    return [("left", f"{left} collections that were begun")] if left else []


def crowding(folder: Path, dice: random.Random) -> Wrong:
    """Thousands of connections stop neither the holder nor those who are there."""
    greeting = dice.random() < 0.5

    def act(place: Path) -> Wrong:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        held: list[socket.socket] = []
        ends = time.monotonic() + 10
        while len(held) < min(3000, hard - 100) and time.monotonic() < ends:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(0.5)
            with suppress(OSError):
                connection.connect(str(socket_path(place)))
                if greeting:
                    connection.sendall(framed(["hello", PROTOCOL, os.getpid(), ""]))
            held.append(connection)
        time.sleep(HELD)
        return []

    return under(act, folder)


def others(folder: Path, _: random.Random) -> Wrong:
    """Another user of the machine gets an error, though the folder can be read."""
    if os.getuid() != 0:
        return []

    def act(place: Path) -> Wrong:
        for each in (place, *place.parents[:3]):
            each.chmod(0o755)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        wrong: Wrong = []
        try:
            connected(place)
            wrong.append(("answered", "another user is let in"))
        except PermissionError:
            pass
        try:
            opened(place).close()
            wrong.append(("answered", "another user opens the memory"))
        except SensoriumError:
            pass
        return wrong

    return under(act, folder)


def deceiving(folder: Path, dice: random.Random) -> Wrong:
    """Whoever answers without having the lock deceives nobody: who opens the folder holds it."""
    from tests.attack.peers.lives import lose_patience

    lose_patience()
    run_apart(lambda: opened(folder).close())
    greets, ends = dice.random() < 0.6, dice.random() < 0.7
    answer = dice.choice(
        (
            packed(dice.randbytes(dice.choice((1, 9, 200)))),
            dice.randbytes(30),
            LENGTH.pack(LONGEST) + b"x" * 100_000,
            framed([dice.choice(("result", "error", "progress", "hello")), dice.choice(WILD)]),
            framed(["hello", *(dice.choice((*WILD, PROTOCOL)) for _ in range(dice.randrange(6)))]),
        )
    )

    def lie(connection: socket.socket, incoming: Incoming, greeting: bytes) -> None:
        connection.sendall(greeting if greets else answer)
        while not ends or greets:
            incoming.receive()
            connection.sendall(answer)
        connection.close()

    stranger = FalseHolder(folder, SCHEMA, lie)
    began = time.monotonic()
    try:
        with opened(folder) as memory:
            memory.remember(text="mine", id="mine")
            kept = memory.count()
    except SensoriumError as error:
        return [("refused", f"{type(error).__name__}: {error}; {answer[:60]!r}")]
    except Exception as error:  # whatever it is, it is looked for
        return [("foreign", f"{error!r}; {answer[:60]!r}")]
    finally:
        stranger.close()
    took = time.monotonic() - began
    return (
        [("hung", f"{took:.1f} s, {kept} kept; {answer[:60]!r}")] if took > 15 or kept != 1 else []
    )


QUESTIONS: tuple[Callable[[Path, random.Random], Wrong], ...] = (
    *(strangers, silent, unserved, wild, beginning, crowding, others, wild),
    *(deceiving, deceiving, deceiving, deceiving),
)
