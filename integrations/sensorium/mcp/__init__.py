"""The Model Context Protocol: a memory as a server of tools and resources."""

from sensorium.errors import MissingExtraError

try:
    from mcp.server import MCPServer as _  # noqa: F401  # the error below says how to get it
except ImportError as error:  # not there, or older than 2
    raise MissingExtraError.for_package("mcp", "mcp") from error

from sensorium.agents.grants import Grant, grants_of
from sensorium.agents.limits import ServerLimits
from sensorium.mcp.issuers import Issuer
from sensorium.mcp.server import build_server
from sensorium.mcp.serving import serve_http, serve_stdio

__all__ = [
    "Grant",
    "Issuer",
    "ServerLimits",
    "build_server",
    "grants_of",
    "serve_http",
    "serve_stdio",
]
