"""Any LangChain embeddings as the encoder of a memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from sensorium.encoders import Encoder, FunctionEncoder
from sensorium.errors import SourceTypeError, UnsupportedModalityError
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.percepts import Percept

NAMES = ("model", "model_name", "model_id", "repo_id")  # attributes that name the model


def encoder_of(
    embedding: Embeddings, *, dimension: int | None = None, model: str | None = None
) -> Encoder:
    """See embeddings as an encoder of texts, and of the other modalities they have methods for.

    Args:
        embedding: Embeddings of any kind.
        dimension: Numbers in a vector; by default a question is embedded to count them.
        model: Name of the space; by default the class, and the model it says it uses.
    Raises:
        SourceTypeError: Not embeddings.
    """
    check_embedding(embedding)
    if isinstance(embedding, SensoriumEmbeddings):
        return embedding.encoder
    if dimension is None:
        dimension = len(embedding.embed_query("how many numbers are there?"))
    others = {name: None for name in Percept.modalities if method_for(embedding, name)}
    return FunctionEncoder(
        model or name_of(embedding),
        {**others, "text": lambda texts: embedding.embed_documents([text.text for text in texts])},
        dimension=dimension,
    )


def check_embedding(embedding: object) -> None:
    """Check that an object is LangChain embeddings.

    Raises:
        SourceTypeError: It is not.
    """
    if not isinstance(embedding, Embeddings):
        raise SourceTypeError(
            f"embedding={embedding!r}",
            "an object of a subclass of langchain_core.embeddings.Embeddings",
            'pass SensoriumEmbeddings("sensorium-mini"), or any other Embeddings',
        )


def name_of(embedding: Embeddings) -> str:
    """Return a name made of the class of embeddings and their model."""
    given = (getattr(embedding, name, None) for name in NAMES)
    model = next((name for name in given if isinstance(name, str) and name), None)
    return f"{type(embedding).__name__}:{model}" if model else type(embedding).__name__


def method_for(
    embedding: Embeddings, modality: str
) -> Callable[[Sequence[Any]], list[list[float]]] | None:
    """Return `embed_image` or its like, `None` without one: a convention, not part of LangChain."""
    found = getattr(embedding, f"embed_{modality}", None)
    return found if callable(found) else None


def needed_method(
    embedding: Embeddings, modality: str
) -> Callable[[Sequence[Any]], list[list[float]]]:
    """Return the method that embeds a modality.

    Raises:
        UnsupportedModalityError: The embeddings have no such method.
    """
    method = method_for(embedding, modality)
    if method is None:
        raise UnsupportedModalityError(
            f"{modality} for {type(embedding).__name__}",
            f"embeddings with a method embed_{modality}(uris)",
            "open the store with SensoriumEmbeddings(), which knows all modalities",
        )
    return method
