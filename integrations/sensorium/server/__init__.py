"""A memory over HTTP: REST for many owners, and a page to look at what is remembered."""

from sensorium.errors import MissingExtraError

try:
    import fastapi as _  # noqa: F401  # the error below says how to get it
    import prometheus_client as _metrics  # noqa: F401  # the same
    import python_multipart as _forms  # noqa: F401  # the same
    import uvicorn as _server  # noqa: F401  # the same
except ImportError as error:
    raise MissingExtraError.for_package(error.name or "fastapi", "server") from error

from sensorium.server.app import build_app
from sensorium.server.entry.tokens import TokenFile
from sensorium.server.options import ServerOptions
from sensorium.server.serving import serve

__all__ = ["ServerOptions", "TokenFile", "build_app", "serve"]
