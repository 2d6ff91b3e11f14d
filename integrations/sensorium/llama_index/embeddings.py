"""An encoder as a LlamaIndex embedding model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Lock
from typing import Any

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.callbacks.schema import CBEventType, EventPayload
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.schema import ImageType

from sensorium.encoders import Encoder, load_encoder
from sensorium.encoders.registry import DEFAULT
from sensorium.llama_index.senses import SenseEmbeddings, percepts_of
from sensorium.percepts import Image, Percept, Text

BATCH = 32  # texts or signals encoded at once
LOADING = Lock()  # held while an encoder is loaded: who comes meanwhile waits for it


class SensoriumEmbedding(SenseEmbeddings, MultiModalEmbedding):
    """Vectors of texts, pictures, sounds, videos, depth, heat and motion, all of one space.

    An encoder is loaded when it is first used. Every vector has unit length. The asynchronous
    methods encode in a thread. A copy made with `from_dict` or `pickle` opens the encoder by name.
    """

    device: str = Field(default="auto", description="Where a named encoder is loaded.")
    dtype: str = Field(default="auto", description="In which precision.")
    _encoder: Encoder | None = PrivateAttr(default=None)

    def __init__(
        self,
        encoder: str | Encoder | None = None,
        *,
        model_name: str = DEFAULT,
        embed_batch_size: int = BATCH,
        **fields: Any,
    ) -> None:
        """Name an encoder, or give one.

        Args:
            encoder: A name that `load_encoder` knows, or an encoder; by default `model_name`.
            model_name: The name, as a dictionary of this model has it.
            embed_batch_size: Texts or signals encoded at once.
            fields: `device`, `dtype`, and those that every LlamaIndex embedding has.
        Raises:
            TypeError: Another field.
        """
        unknown = fields.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        if isinstance(encoder, str):
            model_name = encoder
        elif encoder is not None:
            model_name = encoder.space.model
        super().__init__(model_name=model_name, embed_batch_size=embed_batch_size, **fields)
        self._encoder = None if isinstance(encoder, str) else encoder

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> SensoriumEmbedding:
        """Share the encoder: nothing in it changes, and it may be large."""
        return self.model_copy()

    @classmethod
    def class_name(cls) -> str:
        """Return what a dictionary of this model names its class."""
        return "SensoriumEmbedding"

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded now if it was not yet.

        Raises:
            UnknownEncoderError: No encoder of that name.
            WeightsError: Its weights are not on this machine; the message says how to get them.
        """
        with LOADING:
            if self._encoder is None:
                self._encoder = load_encoder(self.model_name, device=self.device, dtype=self.dtype)
            return self._encoder

    def get_percept_embeddings(self, percepts: Sequence[Percept]) -> list[Embedding]:
        """Embed percepts of any senses.

        Args:
            percepts: In one list, mixed as they come.
        Returns:
            One unit vector each, in order.
        Raises:
            BatchError: Some could not be embedded: which and why, and the encodings of the others.
        """
        payload: dict[str, Any] = {EventPayload.SERIALIZED: self.to_payload()}
        with self.callback_manager.event(CBEventType.EMBEDDING, payload=payload) as event:
            vectors = self._vectors(percepts)
            event.on_end({EventPayload.CHUNKS: list(percepts), EventPayload.EMBEDDINGS: vectors})
        return vectors

    def _vectors(self, percepts: Sequence[Percept]) -> list[Embedding]:
        if not percepts:
            return []
        vectors: list[Embedding] = self.encoder.embed(percepts).tolist()
        return vectors

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return self._vectors([Text(text) for text in texts])

    def _get_text_embedding(self, text: str) -> Embedding:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embeddings([query])[0]

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return self._vectors(percepts_of(Image, img_file_paths, {}))

    def _get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return self._get_image_embeddings([img_file_path])[0]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_image_embeddings, img_file_paths)

    async def _aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return await asyncio.to_thread(self._get_image_embedding, img_file_path)
