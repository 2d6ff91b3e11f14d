"""Parameters of the query: an unknown one is refused, as it may be a filter misspelt."""

from __future__ import annotations

from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from sensorium.errors import RequestError


async def only_known_parameters(request: HTTPConnection) -> None:
    """Check that a request has no parameter in its query that its endpoint does not take.

    It waits for nothing: as a coroutine it needs no thread, of which all may be taken.

    Raises:
        RequestError: It has one.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):  # a live stream checks its options itself
        return
    known = {
        field.alias
        for field in get_flat_params(route.dependant)
        if isinstance(field.field_info, Query)
    }
    unknown = sorted(request.query_params.keys() - known)
    if unknown:
        raise RequestError(
            f"the unknown parameters {', '.join(unknown)[:200]}",
            ", ".join(sorted(known)) or "none",
            "correct their names, or leave them out",
        )
