"""The server of a memory as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sensorium.agents.grants import Tokens
from sensorium.agents.owners import OwnersMemories
from sensorium.mcp.serving import PATH as AGENTS
from sensorium.memory import Memory
from sensorium.server.agents import AgentEndpoint
from sensorium.server.answers.openapi import describe
from sensorium.server.answers.problems import offer_problems
from sensorium.server.answers.static import StaticPages
from sensorium.server.entry.access import Access
from sensorium.server.entry.guarding import Guard
from sensorium.server.observing import FailureAnswers, Observed, Observer
from sensorium.server.options import ServerOptions
from sensorium.server.requests.parameters import only_known_parameters
from sensorium.server.routes import (
    chronicle,
    classifying,
    digesting,
    events,
    forgetting,
    health,
    looking,
    media,
    memories,
    metrics,
    plane,
    previews,
    recalling,
    sharing,
    signals,
    signing_in,
    statistics,
    streams,
    timelines,
    watches,
)
from sensorium.server.state import new_state

ROUTERS = (  # modules, each with its `router`
    *(health, signing_in, metrics),
    *(recalling, memories, media, previews, signals, timelines, looking, classifying, plane),
    *(chronicle, forgetting, digesting, sharing, events, watches, streams, statistics),
)
HERE = Path(__file__).parent
REFERENCE = "/docs"


def build_app(memory: Memory, *, tokens: Tokens, options: ServerOptions | None = None) -> FastAPI:
    """Make a server of a memory. Its clients reach the memories of their token's owner.

    Args:
        memory: The memory in whose place the owners' memories are. It stays open; close it after
            the server has ended.
        tokens: Who is let in.
        options: How the server answers.
    """
    options = options or ServerOptions()
    if memory.read_only:
        options = replace(options, read_only=True)
    owners = OwnersMemories(memory)
    access = Access(tokens, owners, options)
    agents = AgentEndpoint(memory, access)

    @asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        try:
            async with agents.opened():
                yield
        finally:
            owners.close()

    app = FastAPI(
        title="Sensorium",
        version=signing_in.installed_version(),
        lifespan=living,
        dependencies=[Depends(only_known_parameters)],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.access = access
    app.state.routes = new_state(owners, options.uploads)
    app.state.observed = Observed(metrics.Points(memory.backend))
    app.add_middleware(FailureAnswers)
    app.add_middleware(Guard, options=options)
    app.add_middleware(Observer, observed=app.state.observed)  # outermost: refusals count, too
    offer_problems(app)
    for module in ROUTERS:
        app.include_router(module.router)
    app.router.routes.append(Route(AGENTS, agents))
    app.router.routes.append(Route(REFERENCE, _to_reference))
    app.mount(REFERENCE, StaticPages(HERE / "reference"))
    # Not mounted, as it would take the requests whose path is known and whose method is not
    app.router.default = StaticPages(HERE / "page")
    describe(app)
    return app


async def _to_reference(_: Request) -> Response:
    return RedirectResponse(f"{REFERENCE}/")
