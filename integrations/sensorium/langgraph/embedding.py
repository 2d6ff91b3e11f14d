"""Encoders for the texts of an index, made of the `embed` that LangGraph accepts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, ensure_embeddings
from langgraph.store.base.embed import EmbeddingsLambda

from sensorium.encoders import Encoder, encoder_names
from sensorium.errors import QueryError
from sensorium.langchain import SensoriumEmbeddings
from sensorium.langchain.foreign import NAMES, ForeignEncoder, encoder_of
from sensorium.langgraph.configs import check_index

T = TypeVar("T")
R = TypeVar("R")
PROVIDER = "sensorium:"  # before the name of an encoder, as LangChain names models
NAMELESS = "<lambda>"  # ends the name of a function that has none
LOOP: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("LOOP", default=None)  # of abatch


def index_encoder(index: IndexConfig, *, model: str | None = None) -> Encoder:
    """Return the encoder that LangGraph's `IndexConfig` describes, to open a memory with.

    One sentence is embedded, by which a memory knows its model again.

    Args:
        index: Index with `embed` (LangChain embeddings, a function, an asynchronous function,
            `"provider:model"`, or the name of an encoder) and, where you know it, `dims`.
        model: Name of the vectors' space; by default that of the model or the function. It decides
            only where the sentence cannot be embedded, such as by an asynchronous function within
            a coroutine.
    Returns:
        An encoder of texts. For Sensorium's own embeddings, their encoder.
    Raises:
        QueryError: `embed` is missing, `dims` is not the dimension of the encoder, or a lambda
            that has to be awaited cannot be asked here, and `model` is not given.
    """
    check_index(index)
    if index.get("embed") is None:
        raise QueryError(
            "an index without embed",
            "both embed and dims, or neither",
            'write {"embed": f, "dims": 1536}; without either, the memory encodes',
        )
    embeddings, dimension = embeddings_of(index), index.get("dims")
    name = embeddings.name if isinstance(embeddings, FunctionEmbeddings) else None
    encoder = encoder_of(embeddings, dimension=dimension, model=model or name)
    space = encoder.space
    if dimension not in (None, space.dimension):
        raise QueryError(f"dims={dimension} for {space.id}", f"{space.dimension}", "pass that")
    is_unknown = isinstance(encoder, ForeignEncoder) and space.probe is None and model is None
    if is_unknown and name is not None and name.endswith(NAMELESS):
        raise QueryError(
            f"embed={name}, which cannot be asked now",
            "a name, by which a memory knows its model again",
            'write await SensoriumStore.aopen(...), or model="..."',
        )
    return encoder


def embeddings_of(index: IndexConfig) -> Embeddings:
    """Return the embeddings that an index has as `embed`."""
    embed = index["embed"]
    own = _encoder_named(embed) if isinstance(embed, str) else None
    if own is not None:
        return SensoriumEmbeddings(own)
    embeddings = ensure_embeddings(embed)
    if isinstance(embeddings, EmbeddingsLambda):
        return FunctionEmbeddings(embeddings)
    return embeddings


def _encoder_named(embed: str) -> str | None:
    """Return the encoder that `"sensorium-mini"` or `"sensorium:mini"` names, if there is one."""
    name = embed.removeprefix(PROVIDER)
    names = (name, f"sensorium-{name}") if embed.startswith(PROVIDER) else (name,)
    return next((name for name in names if name in encoder_names()), None)


class FunctionEmbeddings(Embeddings):
    """Embeddings that call a function, and wait for an asynchronous function.

    Attributes:
        name: Name of the function.
        is_async: Whether the function has to be awaited.
    """

    def __init__(self, wrapped: EmbeddingsLambda) -> None:
        """Take a function that LangGraph has wrapped."""
        function: Any = getattr(wrapped, "func", None)
        self._wrapped = wrapped
        self.is_async = function is None
        function = wrapped.afunc if function is None else function
        self._function = function
        self.name = _name_of(function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionEmbeddings) and self._function is other._function

    def __hash__(self) -> int:
        return id(self._function)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts in one call; row i belongs to text i.

        Raises:
            QueryError: The function is asynchronous, and the caller is a coroutine.
        """
        if self.is_async:
            return _wait_for(self._wrapped.aembed_documents, texts)
        return self._wrapped.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Embed one text.

        Raises:
            QueryError: The function is asynchronous, and the caller is a coroutine.
        """
        return self.embed_documents([text])[0]


def _name_of(function: Any) -> str:
    """Name a function, or the class of a callable object; of a partial, what it calls."""
    if isinstance(function, partial):
        # No other keywords: among them may be the key of a service
        given = [f"{name}={function.keywords[name]}" for name in NAMES if name in function.keywords]
        return f"{_name_of(function.func)}({', '.join(given)})"
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"


def _wait_for(function: Callable[[T], Coroutine[Any, Any, R]], argument: T) -> R:
    """Run a coroutine from a thread, and return its result.

    It runs on the loop of the asynchronous call that the thread works for, as the clients of
    services belong to the loop on which they are used; otherwise on a loop of its own.
    """
    loop = LOOP.get()
    if loop is not None:
        return asyncio.run_coroutine_threadsafe(function(argument), loop).result()
    check_not_in_coroutine()
    return asyncio.run(function(argument))


def is_in_coroutine() -> bool:
    """Return whether a loop is running in this thread, which a call that waits would stop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def check_not_in_coroutine() -> None:
    """Check that the caller is not a coroutine, whose loop would be blocked by waiting.

    Raises:
        QueryError: A loop is running in this thread.
    """
    if not is_in_coroutine():
        return
    raise QueryError(
        "an asynchronous embed, called from a coroutine that it would block",
        "the store's asynchronous methods",
        "write await SensoriumStore.aopen(...), await store.aput(...), await store.asearch(...)",
    )
