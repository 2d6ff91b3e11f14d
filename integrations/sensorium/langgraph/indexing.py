"""What of a value is embedded, and by what: a memory's encoder, or functions LangGraph takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, ensure_embeddings, get_text_at_path, tokenize_path
from langgraph.store.base.embed import EmbeddingsLambda

from sensorium.encoders import Encoder
from sensorium.errors import QueryError, SpaceMismatchError
from sensorium.langchain import SensoriumEmbeddings
from sensorium.langchain.foreign import encoder_of
from sensorium.langgraph.configs import check_index
from sensorium.langgraph.media import URI, MediumAt, is_at, media_in, percept_of, without
from sensorium.memory.recalling.query import Query
from sensorium.percepts import Percept, percept_from_media

T = TypeVar("T")
R = TypeVar("R")
ROOT = "$"  # the field that is the whole value
LOOP: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("LOOP", default=None)  # of abatch


def index_encoder(index: IndexConfig) -> Encoder:
    """Make the encoder that LangGraph's `IndexConfig` describes, to open a memory with.

    Args:
        index: With `embed` (LangChain embeddings, a function, an asynchronous one, or
            `"provider:model"`) and `dims`.
    Returns:
        An encoder of texts, whose space is named after the model or the function; of embeddings
        that are Sensorium's own, the encoder in them.
    Raises:
        QueryError: `embed` or `dims` is missing, or `dims` is not what is embedded.
    """
    check_index(index)
    missing = [name for name in ("embed", "dims") if index.get(name) is None]
    if missing:
        raise QueryError(
            f"an index without {' and '.join(missing)}",
            "both embed and dims, or neither",
            'write {"embed": f, "dims": 1536}; without either, the memory encodes',
        )
    embeddings, dimension = _embeddings(index), index["dims"]
    name = embeddings.name if isinstance(embeddings, Embedder) else None
    encoder = encoder_of(embeddings, dimension=dimension, model=name)
    if encoder.space.dimension != dimension:
        raise QueryError(
            f"dims={dimension} for {encoder.space.id}", f"{encoder.space.dimension}", "pass that"
        )
    return encoder


def _embeddings(index: IndexConfig) -> Embeddings:
    made = ensure_embeddings(index["embed"])
    return Embedder(made) if isinstance(made, EmbeddingsLambda) else made


class Embedder(Embeddings):
    """A function of texts as embeddings; an asynchronous one is waited for.

    Attributes:
        name: Of the function.
        is_async: Whether it has to be awaited.
    """

    def __init__(self, wrapped: EmbeddingsLambda) -> None:
        """Take a function as LangGraph has wrapped it."""
        function: Any = getattr(wrapped, "func", None)
        self._wrapped = wrapped
        self.is_async = function is None
        function = wrapped.afunc if function is None else function
        named = function if hasattr(function, "__qualname__") else type(function)
        self.name = f"{named.__module__}.{named.__qualname__}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts in one call; row i belongs to text i.

        Raises:
            QueryError: The function is asynchronous, and the caller is a coroutine.
        """
        if self.is_async:
            return _awaited(self._wrapped.aembed_documents, texts)
        return self._wrapped.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        """Embed one text; raises as `embed_documents`."""
        return self.embed_documents([text])[0]


def _awaited(function: Callable[[T], Coroutine[Any, Any, R]], given: T) -> R:
    """Wait in a thread for what runs on the loop that it works for, else on a loop of its own.

    The clients of services belong to the loop they are used on.
    """
    loop = LOOP.get()
    if loop is not None:
        return asyncio.run_coroutine_threadsafe(function(given), loop).result()
    refuse_coroutines()
    return asyncio.run(function(given))


def refuse_coroutines() -> None:
    """Refuse a call from a coroutine, whose loop would be blocked while it is waited for.

    Raises:
        QueryError: A loop is running in this thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise QueryError(
        "an asynchronous embed, called from a coroutine that it would block",
        "the store's asynchronous methods",
        "write await store.aput(...), await store.asearch(...)",
    )


@dataclass(frozen=True)
class Indexed:
    """What is embedded of a value.

    Attributes:
        texts: Of its fields, without media.
        media: Of its fields; all of them where nothing is embedded.
        written: The whole value as JSON, without media.
        embedded: Whether anything is.
    """

    texts: tuple[str, ...]
    media: tuple[MediumAt, ...]
    written: str
    embedded: bool


class Index:
    """Chooses what of values is embedded, and makes questions of queries."""

    def __init__(self, encoder: Encoder, config: IndexConfig | None) -> None:
        """Index for a memory.

        Args:
            encoder: Of the memory.
            config: LangGraph's; without `embed`, the encoder embeds.
        Raises:
            QueryError: `embed` without `dims`, fields that are none, or no configuration.
            SpaceMismatchError: `embed` is not what the memory was opened with.
        """
        config = check_index(config)
        self._modalities = encoder.modalities
        self._fields = _tokenized(config.get("fields") or [ROOT])
        self._embeddings: Embeddings | None = None
        if "embed" in config or "dims" in config:
            space = index_encoder(config).space
            if space != encoder.space:
                raise SpaceMismatchError(
                    f"an index of {space.id} for a memory of {encoder.space.id}",
                    "the embedding that the memory was opened with",
                    "write SensoriumStore.open(..., index=index), or leave out embed and dims",
                )
            made = _embeddings(config)
            self._embeddings = None if isinstance(made, SensoriumEmbeddings) else made

    @property
    def is_async(self) -> bool:
        """Whether a function has to be awaited, on the loop of whoever asks."""
        return isinstance(self._embeddings, Embedder) and self._embeddings.is_async

    def of(self, value: Mapping[str, Any], fields: Sequence[str] | bool | None) -> Indexed:
        """Choose what of a value is embedded.

        Args:
            value: JSON.
            fields: Of this value; `None` for those of the configuration, `False` for none.
        Raises:
            PerceptError: A medium in it that cannot be one.
            QueryError: Fields that are none.
        """
        every = list(media_in(value))
        bare: Any = without(value, {one.path for one in every}) if every else value
        known = [one for one in every if one.percept.modality in self._modalities]
        written = "" if bare is None else get_text_at_path(bare, ROOT)[0]
        if fields is False:
            return Indexed((), tuple(known), written, embedded=False)
        paths = self._fields if fields is None else _tokenized(fields)
        texts = [] if bare is None else [x for path in paths for x in get_text_at_path(bare, path)]
        media = [one for one in known if any(is_at(one, value, path) for path in paths)]
        words = tuple(dict.fromkeys(text for text in texts if text.strip()))
        return Indexed(words, tuple(media), written, embedded=bool(words or media))

    def asked(self, query: str) -> Query:
        """Turn a query into a question: words, a `data:` URI, or a content block as JSON.

        Raises:
            PerceptError: A medium that cannot be one.
        """
        percept = _shown(query)
        if percept is not None:
            return percept
        if self._embeddings is not None:
            return np.asarray(self._embeddings.embed_query(query), np.float32)
        return query


def _tokenized(fields: object) -> list[str | list[str]]:
    """Read the paths of fields as LangGraph does."""
    if not isinstance(fields, (list, tuple)) or not all(isinstance(one, str) for one in fields):
        raise QueryError(f"fields={fields!r}"[:200], "a list of paths", 'write ["text", "tags[*]"]')
    return [ROOT if field == ROOT else tokenize_path(field) for field in fields]


def _shown(query: str) -> Percept | None:
    """Return the percept that a query is; `None` for words."""
    if URI.match(query):
        return percept_from_media(query)
    if not query.lstrip().startswith("{"):
        return None
    try:
        block = json.loads(query)
    except ValueError:
        return None
    return percept_of(block)
