"""Any LangChain embeddings as the encoder of a memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from sensorium.encoders import Encoder, FunctionEncoder
from sensorium.errors import SourceTypeError, UnsupportedModalityError
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.percepts import Percept

NAMES = ("model", "model_name", "model_id", "repo_id")  # where embeddings say which model


def encoder_of(
    embedding: Embeddings, *, dimension: int | None = None, model: str | None = None
) -> Encoder:
    """See embeddings as an encoder of texts, and of what else they have methods for.

    Args:
        embedding: Of any kind.
        dimension: Numbers in a vector; by default a question is embedded to see.
        model: Names the space; by default the class, and the model it says it uses.
    Raises:
        SourceTypeError: No embeddings.
    """
    check_embedding(embedding)
    if isinstance(embedding, SensoriumEmbeddings):
        return embedding.encoder
    if dimension is None:
        dimension = len(embedding.embed_query("how many numbers are there?"))
    others = {name: None for name in Percept.modalities if method_for(embedding, name)}
    return FunctionEncoder(
        model or name_of(embedding),
        {**others, "text": lambda texts: embedding.embed_documents([one.text for one in texts])},
        dimension=dimension,
    )


def check_embedding(embedding: object) -> None:
    """Refuse what makes no vectors for LangChain.

    Raises:
        SourceTypeError: No object of a class of embeddings.
    """
    if not isinstance(embedding, Embeddings):
        raise SourceTypeError(
            f"embedding={embedding!r}"[:200],
            "an object of a subclass of langchain_core.embeddings.Embeddings",
            'pass SensoriumEmbeddings("sensorium-mini"), or any other Embeddings',
        )


def name_of(embedding: Embeddings) -> str:
    """Name embeddings by their class and their model."""
    given = (getattr(embedding, name, None) for name in NAMES)
    model = next((name for name in given if isinstance(name, str) and name), None)
    return f"{type(embedding).__name__}:{model}" if model else type(embedding).__name__


def method_for(
    embedding: Embeddings, modality: str
) -> Callable[[Sequence[Any]], list[list[float]]] | None:
    """Find `embed_image(uris)` and its like, a convention beyond LangChain's interface."""
    found = getattr(embedding, f"embed_{modality}", None)
    return found if callable(found) else None


def needed_method(
    embedding: Embeddings, modality: str
) -> Callable[[Sequence[Any]], list[list[float]]]:
    """Find the method for a modality.

    Raises:
        UnsupportedModalityError: The embeddings have none.
    """
    method = method_for(embedding, modality)
    if method is None:
        raise UnsupportedModalityError(
            f"{modality} for {type(embedding).__name__}",
            f"embeddings with a method embed_{modality}(uris)",
            "open the store with SensoriumEmbeddings(), which knows all senses",
        )
    return method
