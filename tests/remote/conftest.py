"""A real server on a Unix socket, and memories that are opened on it as clients do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import uvicorn
from tests.support.serving import ADDRESS, token_of, tokens

from sensorium.encoders.source import EncoderSource
from sensorium.memory import Memory
from sensorium.memory.recipe import Recipe
from sensorium.remote import RemoteMemory
from sensorium.remote.connection import Connection
from sensorium.server import build_app

Opened = Callable[[str], RemoteMemory]


@pytest.fixture(scope="module")
def place() -> Iterator[Memory]:
    """The memory in whose place the owners of the server have theirs."""
    with Memory.open(":memory:", owner="ana") as memory:
        yield memory


@pytest.fixture(scope="module")
def socket(place: Memory) -> Iterator[str]:
    """A server of that memory; the path of its socket."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "server")
        config = uvicorn.Config(build_app(place, tokens=tokens()), uds=path, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield path
        server.should_exit = True
        thread.join(20)


@pytest.fixture
def opened(socket: str) -> Iterator[Opened]:
    """Opens the memory of somebody of `tests.support.serving.OWNERS`."""
    memories: list[RemoteMemory] = []

    def open_memory(name: str) -> RemoteMemory:
        transport = httpx.HTTPTransport(uds=socket)
        connection = Connection(f"sensorium+{ADDRESS}", token_of(name), transport=transport)
        owner = connection.ask("GET", "/session")["owner"]
        recipe = Recipe(f"sensorium+{ADDRESS}", owner, EncoderSource("sensorium-mini"))
        memories.append(RemoteMemory(recipe, connection))
        return memories[-1]

    yield open_memory
    for memory in memories:
        memory.close()


@pytest.fixture
def ana(opened: Opened) -> RemoteMemory:
    return opened("ana")


@pytest.fixture
def ben(opened: Opened) -> RemoteMemory:
    return opened("ben")
