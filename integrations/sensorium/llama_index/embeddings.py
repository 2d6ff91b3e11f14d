"""An encoder as a LlamaIndex embedding model."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.callbacks.schema import CBEventType, EventPayload
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.schema import BaseNode, ImageType, MetadataMode

from sensorium.agents.threads import to_thread
from sensorium.encoders import Encoder
from sensorium.encoders.encoder import embed_questions
from sensorium.encoders.registry import DEFAULT
from sensorium.encoders.source import EncoderSource
from sensorium.errors import SourceTypeError
from sensorium.llama_index.nodes import percept_of
from sensorium.percepts import Image, Percept, Text

BATCH = 32  # texts or pictures encoded at once


class SensoriumEmbedding(MultiModalEmbedding):
    """Embeds texts, pictures and percepts of all modalities as unit vectors of one space.

    The encoder is loaded when it is first used. The asynchronous methods encode in a thread. A copy
    that was made with `from_dict` or `pickle` loads the encoder by its name, unless an encoder was
    given, which is pickled, too.
    """

    device: str = Field(default="auto", description="Device of an encoder that is loaded by name.")
    dtype: str = Field(
        default="auto", description="Precision of an encoder that is loaded by name."
    )
    _source: EncoderSource = PrivateAttr()

    def __init__(
        self,
        encoder: str | Encoder | None = None,
        *,
        model_name: str = DEFAULT,
        embed_batch_size: int = BATCH,
        **fields: Any,
    ) -> None:
        """Embed with an encoder, or with the encoder of a name.

        Args:
            encoder: An encoder, or a name for `load_encoder`; by default `model_name`.
            model_name: Name for `load_encoder`, as in dictionaries of this model.
            embed_batch_size: Number of texts or pictures that are encoded at once.
            fields: `device`, `dtype`, and the fields of every LlamaIndex embedding.
        Raises:
            TypeError: A field does not exist.
        """
        unknown = fields.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        if isinstance(encoder, str):
            model_name = encoder
        elif encoder is not None:
            model_name = encoder.space.model
        super().__init__(model_name=model_name, embed_batch_size=embed_batch_size, **fields)
        given = model_name if encoder is None else encoder
        self._source = EncoderSource(given, device=self.device, dtype=self.dtype)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> SensoriumEmbedding:
        """Copy the model; the encoder is shared, as it never changes and may be large."""
        return self.model_copy()

    def __reduce__(self) -> tuple[Any, ...]:
        # LlamaIndex leaves out what cannot be pickled: right for callbacks, wrong for the encoder
        return _with_encoder, (type(self), self._source, self.__getstate__()["__dict__"])

    @classmethod
    def class_name(cls) -> str:
        """Return the name of the class in dictionaries of this model."""
        return "SensoriumEmbedding"

    @property
    def encoder(self) -> Encoder:
        """The encoder, which is loaded if it was not yet.

        Raises:
            UnknownEncoderError: No encoder has this name.
            WeightsError: The weights are not on this machine; the message says how to get them.
        """
        return self._source.encoder

    def get_percept_embeddings(self, percepts: Sequence[Percept]) -> list[Embedding]:
        """Embed percepts of any modalities, in one batch.

        Args:
            percepts: Percepts, which may be of several modalities.
        Returns:
            One unit vector for each percept, in order. A long percept is pooled to one vector.
        Raises:
            SourceTypeError: The list is a single percept, or holds something else than percepts.
            BatchError: Some percepts could not be embedded; the error has the other vectors.
        """
        if isinstance(percepts, Percept) or not all(
            isinstance(percept, Percept) for percept in percepts
        ):
            raise SourceTypeError(
                f"percepts={percepts!r}", "a list of percepts", "write [Audio(...), Image(...)]"
            )
        payload: dict[str, Any] = {EventPayload.SERIALIZED: self.to_payload()}
        with self.callback_manager.event(CBEventType.EMBEDDING, payload=payload) as event:
            vectors = self._vectors(percepts)
            event.on_end({EventPayload.CHUNKS: list(percepts), EventPayload.EMBEDDINGS: vectors})
        return vectors

    def get_percept_embedding(self, percept: Percept) -> Embedding:
        """Embed a percept of any modality; see `get_percept_embeddings`."""
        return self.get_percept_embeddings([percept])[0]

    def get_document_embedding(self, document: BaseNode) -> Embedding:
        """Embed a document of `SensoriumReader` in its own modality: its percept, or its text.

        Args:
            document: Document with a `percept` among its metadata, or with a text.
        Raises:
            SourceTypeError: It has neither.
            PerceptError: The file that it was made of is gone, or has changed.
        """
        percept = percept_of(document)
        if percept is not None:
            return self.get_percept_embedding(percept)
        text = document.get_content(metadata_mode=MetadataMode.NONE)
        if not text.strip():
            raise SourceTypeError(
                f"the document {document.node_id!r} without a text",
                "a text, or the metadata that SensoriumReader gives",
                "read its file with SensoriumReader",
            )
        return self.get_text_embedding(text)

    async def aget_percept_embeddings(self, percepts: Sequence[Percept]) -> list[Embedding]:
        """Call `get_percept_embeddings` in a thread."""
        return await to_thread(self.get_percept_embeddings, percepts)

    async def aget_percept_embedding(self, percept: Percept) -> Embedding:
        """Call `get_percept_embedding` in a thread."""
        return await to_thread(self.get_percept_embedding, percept)

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
        vector: Embedding = embed_questions(self.encoder, [Text(query)])[0].tolist()
        return vector

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return self._vectors([_picture(content) for content in img_file_paths])

    def _get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return self._get_image_embeddings([img_file_path])[0]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await to_thread(self._get_text_embeddings, texts)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await to_thread(self._get_text_embedding, text)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await to_thread(self._get_query_embedding, query)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return await to_thread(self._get_image_embeddings, img_file_paths)

    async def _aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return await to_thread(self._get_image_embedding, img_file_path)


def _with_encoder(
    kind: type[SensoriumEmbedding], source: EncoderSource, fields: dict[str, Any]
) -> SensoriumEmbedding:
    return kind(source.given, **fields)


def _picture(content: Any) -> Image:
    """Return a picture; all of a file object is read, wherever its position is."""
    if isinstance(content, Image):
        return content
    return Image(content.getvalue() if isinstance(content, BytesIO) else content)
