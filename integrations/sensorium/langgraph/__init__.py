"""LangGraph: a store of long-term memory for graphs, which also finds pictures and sounds."""

from sensorium.errors import MissingExtraError

try:
    import langgraph.store.base as _  # noqa: F401  # the error below says how to get it
except ImportError as error:
    raise MissingExtraError.for_package("langgraph", "langgraph") from error

from sensorium.langgraph.embedding import index_encoder
from sensorium.langgraph.store import SensoriumStore

__all__ = ["SensoriumStore", "index_encoder"]
