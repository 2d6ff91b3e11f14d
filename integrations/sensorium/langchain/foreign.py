"""Any LangChain embeddings as the encoder of a memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.embeddings import Embeddings

from sensorium.encoders import Encoder, FunctionEncoder
from sensorium.encoders.functions import EXTERNAL
from sensorium.encoders.probe import dimension_and_probe, probe_of
from sensorium.encoders.space import ALIKE
from sensorium.errors import (
    SourceTypeError,
    SpaceMismatchError,
    UnsupportedModalityError,
)
from sensorium.langchain.embeddings import SensoriumEmbeddings
from sensorium.langchain.wrapping import innermost, likeness, own_within
from sensorium.memory import Memory
from sensorium.percepts import Percept, Text

NAMES = ("model", "model_name", "model_id", "repo_id")  # attributes that name the model
DEPLOYMENTS = ("deployment", "azure_deployment")  # on Azure they say more than the model
AZURE = "azure_endpoint"  # attribute of embeddings that are deployed there


class ForeignEncoder(FunctionEncoder):
    """An encoder made of LangChain embeddings.

    Attributes:
        embedding: The embeddings.
    """

    def __init__(
        self,
        embedding: Embeddings,
        model: str,
        *,
        dimension: int,
        probe: tuple[float, ...] | None,
    ) -> None:
        """See embeddings as an encoder; `encoder_of` does, and finds out the rest."""
        self.embedding = embedding
        others = {name: None for name in Percept.modalities if method_for(embedding, name)}
        super().__init__(model, {**others, "text": self._texts}, dimension=dimension, probe=probe)

    def _texts(self, texts: Sequence[Text]) -> list[list[float]]:
        return self.embedding.embed_documents([text.text for text in texts])


def encoder_of(
    embedding: Embeddings, *, dimension: int | None = None, model: str | None = None
) -> Encoder:
    """See embeddings as an encoder of texts, and of the other modalities they have methods for.

    One sentence is embedded, by which the model is known; where that fails and `dimension` is
    given, the model is known by its name alone.

    Args:
        embedding: Embeddings of any kind. Of Sensorium's own, also within a cache or another
            wrapper that returns their vectors, the encoder is returned.
        dimension: Numbers in a vector; by default those of the sentence's vector.
        model: Name of the space; by default the class, and the model it says it uses.
    Raises:
        SourceTypeError: Not embeddings.
        VectorError: The embeddings do not return a vector of that dimension.
    """
    check_embedding(embedding)
    own = own_within(embedding)
    if own is not None:
        return own.encoder

    def embed(text: str) -> list[float]:
        return embedding.embed_documents([text])[0]

    dimension, probe = dimension_and_probe(embed, dimension)
    return ForeignEncoder(embedding, model or name_of(embedding), dimension=dimension, probe=probe)


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


def check_space(embedding: Embeddings, memory: Memory, *, model: str | None, remedy: str) -> None:
    """Check that embeddings make vectors of a memory's space.

    Both embed one sentence, and the vectors decide; where one cannot be asked, the names do.

    Args:
        embedding: The embeddings. Those that the memory's encoder is made of are not asked.
        memory: The memory.
        model: Name of the embeddings' space; by default as of `encoder_of`.
        remedy: What to do otherwise.
    Raises:
        SpaceMismatchError: They do not.
    """
    stored, encoder = memory.backend.schema.space, memory.encoder
    is_known = isinstance(encoder, ForeignEncoder) and encoder.embedding is embedding
    if is_known or (
        isinstance(embedding, SensoriumEmbeddings) and stored == embedding.encoder.space
    ):
        return
    mine = stored.probe or probe_of(lambda text: encoder.embed([Text(text)])[0])
    theirs = probe_of(lambda text: embedding.embed_documents([text])[0])
    name = model or name_of(embedding)
    if mine is not None and theirs is not None:
        cosine = likeness(mine, theirs)
        if cosine >= ALIKE:
            return
        measured = f": their vectors of one sentence differ, cosine {cosine:.2f}"
    elif stored.weights == EXTERNAL and stored.model == name:
        return
    else:
        measured = ": they cannot be asked now, and the names differ"
    raise SpaceMismatchError(
        f"vectors of {name} in a memory of {stored.id}{measured}",
        "one space: two models' vectors cannot be compared",
        remedy,
    )


def name_of(embedding: Embeddings) -> str:
    """Return a name made of the class of embeddings and their model, looking into caches."""
    embedding = innermost(embedding)
    if isinstance(embedding, SensoriumEmbeddings):
        return f"{type(embedding).__name__}:{embedding.encoder.space.model}"
    names = (*DEPLOYMENTS, *NAMES) if hasattr(embedding, AZURE) else NAMES
    given = (getattr(embedding, name, None) for name in names)
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
