"""The server of a memory as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from sensorium.agents.owners import OwnersMemories
from sensorium.memory import Memory
from sensorium.server import (
    classifying,
    events,
    forgetting,
    health,
    looking,
    media,
    memories,
    plane,
    previews,
    recalling,
    signals,
    signing_in,
    statistics,
    streams,
    timelines,
)
from sensorium.server.access import Access, Tokens
from sensorium.server.options import ServerOptions
from sensorium.server.parameters import only_known_parameters
from sensorium.server.problems import offer_problems
from sensorium.server.state import new_state

ROUTERS = (  # modules, each with its `router`
    *(health, signing_in),
    *(recalling, memories, media, previews, signals, timelines, looking, classifying, plane),
    *(forgetting, events, streams, statistics),
)


def build_app(memory: Memory, *, tokens: Tokens, options: ServerOptions | None = None) -> FastAPI:
    """Make a server of a memory. Its clients reach the memories of their token's owner.

    Args:
        memory: The memory in whose place the owners' memories are. It stays open; close it after
            the server has ended.
        tokens: Who is let in.
        options: How the server answers.
    """
    memories_of_owners = OwnersMemories(memory)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            memories_of_owners.close()

    app = FastAPI(
        title="Sensorium",
        version=signing_in.installed_version(),
        lifespan=living,
        dependencies=[Depends(only_known_parameters)],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.access = Access(tokens, memories_of_owners, options or ServerOptions())
    app.state.routes = new_state(memories_of_owners)
    offer_problems(app)
    for module in ROUTERS:
        app.include_router(module.router)
    return app
