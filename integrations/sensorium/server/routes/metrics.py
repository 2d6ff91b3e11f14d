"""Numbers of the server for Prometheus: `/metrics`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector
from starlette.responses import Response

from sensorium.agents.grants import ADMIN
from sensorium.errors import ForbiddenError
from sensorium.percepts.locations import is_loopback
from sensorium.qdrant import Backend
from sensorium.server.entry.access import access_of

router = APIRouter(tags=["server"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(request: Request) -> Response:
    """Write the numbers of this process: for an admin, or a program of this machine."""
    _check(request)
    written = generate_latest(request.app.state.observed.registry)
    return Response(written, media_type=CONTENT_TYPE_PLAIN_0_0_4)


class Points(Collector):
    """How many points all owners have together, counted when somebody looks."""

    def __init__(self, backend: Backend) -> None:
        """Count in a store."""
        self._backend = backend

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield their number."""
        points = float(self._backend.stats()["points"])
        yield GaugeMetricFamily("sensorium_points", "Points of all owners' memories", points)


def _check(request: Request) -> None:
    """Check that a client may see them.

    Raises:
        ForbiddenError: It is on another machine, and its token lacks the right `"admin"`.
        UnauthorizedError: It is on another machine, and has no token.
    """
    access = access_of(request)
    here = request.client is not None and is_loopback(request.client.host)
    if here and not access.options.behind_proxy:
        return
    if ADMIN not in access.grant_of(request).rights:
        raise ForbiddenError(
            "a token without the right admin",
            "one that has it",
            "make it: sensorium token add --rights admin, or ask from the machine of the server",
        )
