"""LangChain: embeddings, a vector store, a retriever and agent tools over a memory."""

from sensorium.errors import MissingExtraError

try:
    import langchain_core as _  # noqa: F401  # the error below says how to get it
except ImportError as error:
    raise MissingExtraError.for_package("langchain-core", "langchain") from error

from sensorium.langchain.artifacts import artifact_blocks
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.langchain.owners import owner_filter
from sensorium.langchain.retriever import SensoriumRetriever
from sensorium.langchain.stores import SensoriumVectorStore
from sensorium.langchain.tools import memory_tools

__all__ = [
    "SensoriumEmbeddings",
    "SensoriumRetriever",
    "SensoriumVectorStore",
    "artifact_blocks",
    "memory_tools",
    "owner_filter",
]
