"""LlamaIndex: embeddings, a reader, a vector store, a retriever, and a memory block."""

from sensorium.errors import MissingExtraError

try:
    import llama_index.core as _  # noqa: F401  # the error below says how to get it
except ImportError as error:
    raise MissingExtraError.for_package("llama-index-core", "llama-index") from error

from sensorium.llama_index.embeddings import SensoriumEmbedding
from sensorium.llama_index.memory_blocks import SensoriumMemoryBlock
from sensorium.llama_index.readers import SensoriumReader
from sensorium.llama_index.retrievers import SensoriumRetriever
from sensorium.llama_index.stores import SensoriumVectorStore

__all__ = [
    "SensoriumEmbedding",
    "SensoriumMemoryBlock",
    "SensoriumReader",
    "SensoriumRetriever",
    "SensoriumVectorStore",
]
