"""Any LlamaIndex embedding model as the encoder of a memory."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from llama_index.core.embeddings import MultiModalEmbedding

from sensorium.encoders import Encoder, FunctionEncoder
from sensorium.encoders.functions import Tower
from sensorium.encoders.probe import dimension_and_probe
from sensorium.errors import VectorError
from sensorium.llama_index.embeddings import SensoriumEmbedding
from sensorium.percepts import Image, Percept, Text

ANY_MODEL = "any"  # name of a space if only its dimension is known


def encoder_of(model: BaseEmbedding | None, dimension: int | None) -> Encoder:
    """Return an encoder that makes a model's vectors.

    Args:
        model: Model that embeds texts, and pictures if it takes them, for the memory. `None` if
            all vectors come with the nodes.
        dimension: Dimension of the vectors; by default that of the sentence which is embedded to
            know the model by.
    Raises:
        VectorError: Neither is given, the model has another dimension, or it is not a model.
    """
    if model is not None and not isinstance(model, BaseEmbedding):
        raise VectorError(
            f"embed_model={model!r}",
            "an embedding model of LlamaIndex",
            "pass the object: SensoriumEmbedding(), Settings.embed_model, ...",
        )
    if isinstance(model, SensoriumEmbedding):
        own = model.encoder.space.dimension
        if dimension not in (None, own):
            raise VectorError(f"dimension={dimension}", f"{own}, the model's", "leave it out")
        return model.encoder
    towers: dict[str, Tower | None] = dict.fromkeys(Percept.modalities)
    if model is None:
        if dimension is None:
            raise VectorError(
                "neither embed_model nor dimension",
                "the model that makes the embeddings",
                "pass embed_model=, such as Settings.embed_model, or dimension= without a model",
            )
        return FunctionEncoder(ANY_MODEL, towers, dimension=dimension)

    def embed_texts(texts: Sequence[Text]) -> list[Embedding]:
        return model.get_text_embedding_batch([text.text for text in texts])

    def embed_images(images: Sequence[Image]) -> list[Embedding]:
        assert isinstance(model, MultiModalEmbedding)
        return model.get_image_embedding_batch([_png(image) for image in images])

    towers["text"] = embed_texts
    if isinstance(model, MultiModalEmbedding):
        towers["image"] = embed_images
    own, probe = dimension_and_probe(model.get_text_embedding, dimension)
    return FunctionEncoder(
        f"{model.class_name()}:{model.model_name}", towers, dimension=own, probe=probe
    )


def _png(image: Image) -> BytesIO:
    file = BytesIO()
    image.picture().save(file, "PNG")
    file.seek(0)
    return file
