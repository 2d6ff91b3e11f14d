"""The index of a store: which parts of a value are embedded, and what a query means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, get_text_at_path, tokenize_path

from sensorium.encoders import EmbeddingSpace, Encoder
from sensorium.errors import QueryError, SpaceMismatchError
from sensorium.langchain import SensoriumEmbeddings
from sensorium.langchain.foreign import ForeignEncoder
from sensorium.langgraph.configs import check_index
from sensorium.langgraph.embedding import FunctionEmbeddings, embeddings_of, index_encoder
from sensorium.langgraph.media import URI, MediumAt, is_at, media_in, percept_of, without
from sensorium.memory.recalling.query import Query
from sensorium.percepts import Percept, percept_from_media

ROOT = "$"  # the field that is the whole value


@dataclass(frozen=True)
class Indexed:
    """The parts of a value that are embedded.

    Attributes:
        texts: Texts in the indexed fields, without media.
        media: Media in the indexed fields; all media of the value if nothing is embedded.
        written: The whole value as JSON, without media.
        embedded: Whether anything is embedded.
    """

    texts: tuple[str, ...]
    media: tuple[MediumAt, ...]
    written: str
    embedded: bool


class Index:
    """Chooses the parts of values that are embedded, and turns queries into questions."""

    def __init__(
        self, encoder: Encoder, config: IndexConfig | None, *, model: str | None = None
    ) -> None:
        """Index for a memory.

        Args:
            encoder: Encoder of the memory.
            config: LangGraph's configuration; without `embed`, the encoder embeds.
            model: Name of the vectors' space, see `index_encoder`.
        Raises:
            QueryError: `embed` or `dims` is missing, or the fields or the configuration are wrong.
            SpaceMismatchError: The memory was opened with another `embed`.
        """
        config = check_index(config)
        self._modalities = encoder.modalities
        self._fields = _tokenize(config.get("fields") or [ROOT])
        self._embeddings: Embeddings | None = None
        if "embed" in config or "dims" in config:
            embeddings = embeddings_of(config)
            space = _space_of(config, encoder, embeddings, model)
            if not encoder.space.agrees(space):
                raise SpaceMismatchError(
                    f"an index of {space.id} for a memory of {encoder.space.id}",
                    "the embedding that the memory was opened with",
                    "write SensoriumStore.open(..., index=index), or leave out embed and dims",
                )
            is_own = isinstance(embeddings, SensoriumEmbeddings)
            self._embeddings = None if is_own else embeddings

    @property
    def is_async(self) -> bool:
        """Whether a function has to be awaited, on the caller's loop."""
        return isinstance(self._embeddings, FunctionEmbeddings) and self._embeddings.is_async

    def select(self, value: Mapping[str, Any], fields: Sequence[str] | bool | None) -> Indexed:
        """Choose the parts of a value that are embedded.

        Args:
            value: Value of an item, as JSON.
            fields: Paths of fields to embed; `None` for those of the configuration, `False` to
                embed nothing.
        Raises:
            PerceptError: A medium in the value cannot be read.
            QueryError: The fields are not a list of paths.
        """
        every = list(media_in(value))
        bare: Any = without(value, {medium.path for medium in every}) if every else value
        known = [medium for medium in every if medium.percept.modality in self._modalities]
        written = "" if bare is None else get_text_at_path(bare, ROOT)[0]
        if fields is False:
            return Indexed((), tuple(known), written, embedded=False)
        paths = self._fields if fields is None else _tokenize(fields)
        texts = [
            text for path in paths if bare is not None for text in get_text_at_path(bare, path)
        ]
        media = [medium for medium in known if any(is_at(medium, value, path) for path in paths)]
        words = tuple(dict.fromkeys(text for text in texts if text.strip()))
        return Indexed(words, tuple(media), written, embedded=bool(words or media))

    def question(self, query: str) -> Query:
        """Turn a query into a question for a memory.

        Args:
            query: Words, a `data:` URI, or a content block as JSON.
        Raises:
            PerceptError: The query is a medium that cannot be read.
        """
        percept = _medium(query)
        if percept is not None:
            return percept
        if self._embeddings is not None:
            return np.asarray(self._embeddings.embed_query(query), np.float32)
        return query


def _space_of(
    config: IndexConfig, encoder: Encoder, embeddings: Embeddings, model: str | None
) -> EmbeddingSpace:
    """Return the space of an index, without asking the embeddings that a memory is opened with."""
    is_known = isinstance(encoder, ForeignEncoder) and encoder.embedding == embeddings
    if is_known and config.get("dims") in (None, encoder.space.dimension):
        return encoder.space
    return index_encoder(config, model=model).space


def _tokenize(fields: object) -> list[str | list[str]]:
    """Read the paths of fields as LangGraph does.

    Raises:
        QueryError: They are not a list of texts.
    """
    if not isinstance(fields, (list, tuple)) or not all(isinstance(field, str) for field in fields):
        raise QueryError(f"fields={fields!r}", "a list of paths", 'write ["text", "tags[*]"]')
    return [ROOT if field == ROOT else tokenize_path(field) for field in fields]


def _medium(query: str) -> Percept | None:
    """Return the percept of a query that is a medium; `None` for words."""
    if URI.match(query):
        return percept_from_media(query)
    if not query.lstrip().startswith("{"):
        return None
    try:
        block = json.loads(query)
    except ValueError:
        return None
    return percept_of(block)
