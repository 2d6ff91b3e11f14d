"""The retriever of a vector store: LangChain's own, whose documents say what they are."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStoreRetriever

from sensorium.errors import QueryError
from sensorium.percepts import Text

PRIVATE = {"vectorstore"}  # fields that a store fills itself


class StoreRetriever(VectorStoreRetriever):
    """LangChain's retriever of a vector store, with one kind of metadata for all documents.

    Documents of words have `id`, `modality`, `uri` and `mime_type` in their metadata, too, unless
    they use these keys themselves: `EnsembleRetriever(id_key="id")` and prompts that name a key
    fail for a document without it.
    """

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        found = super()._get_relevant_documents(query, run_manager=run_manager, **kwargs)
        return [_named(document) for document in found]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        found = await super()._aget_relevant_documents(query, run_manager=run_manager, **kwargs)
        return [_named(document) for document in found]


def _named(document: Document) -> Document:
    names = {"id": document.id, "modality": Text.modality, "uri": None, "mime_type": None}
    return document.model_copy(update={"metadata": {**names, **document.metadata}})


def check_arguments(given: dict[str, Any]) -> None:
    """Check the arguments of `as_retriever`, of which LangChain ignores those it does not know.

    Raises:
        QueryError: One is not an attribute of the retriever.
    """
    known = sorted(StoreRetriever.model_fields.keys() - PRIVATE)
    unknown = {name: value for name, value in given.items() if name not in known}
    if unknown:
        raise QueryError(
            f"the arguments {', '.join(sorted(unknown))} of as_retriever",
            f"known ones: {', '.join(known)}",
            f"what restricts a search goes into as_retriever(search_kwargs={unknown!r})",
        )
