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


class ModelEncoder(FunctionEncoder):
    """An encoder made of an embedding model of LlamaIndex."""

    def __init__(
        self, model: BaseEmbedding, *, dimension: int, probe: tuple[float, ...] | None
    ) -> None:
        """See a model as an encoder; `encoder_of` does, and finds out the rest."""
        self._model = model
        towers: dict[str, Tower | None] = dict.fromkeys(Percept.modalities)
        towers["text"] = self._texts
        if isinstance(model, MultiModalEmbedding):
            towers["image"] = self._images
        name = f"{model.class_name()}:{model.model_name}"
        super().__init__(name, towers, dimension=dimension, probe=probe)

    def _texts(self, texts: Sequence[Text]) -> list[Embedding]:
        return self._model.get_text_embedding_batch([text.text for text in texts])

    def _images(self, images: Sequence[Image]) -> list[Embedding]:
        assert isinstance(self._model, MultiModalEmbedding)
        return self._model.get_image_embedding_batch([_png(image) for image in images])


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
    if model is not None:
        own, probe = dimension_and_probe(model.get_text_embedding, dimension)
        return ModelEncoder(model, dimension=own, probe=probe)
    if dimension is None:
        raise VectorError(
            "neither embed_model nor dimension",
            "the model that makes the embeddings",
            "pass embed_model=, such as Settings.embed_model, or dimension= without a model",
        )
    return FunctionEncoder(ANY_MODEL, dict.fromkeys(Percept.modalities), dimension=dimension)


def _png(image: Image) -> BytesIO:
    file = BytesIO()
    image.picture().save(file, "PNG")
    file.seek(0)
    return file
