"""A model as an `Encoder`, of any kind that sentence-transformers opens: CLIP, SigLIP, CLAP, ..."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.encoders.batching import BatchedEncoder, Window, check_batch_size
from sensorium.encoders.encoder import Vectors
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Remade
from sensorium.encoders.hub.files import (
    model_folder,
    model_name,
    settings_digest,
    weights_digest,
)
from sensorium.encoders.hub.inputs import windows
from sensorium.encoders.hub.loading import MODALITIES, choose_dtype, drop_towers, load_model
from sensorium.encoders.placement import resolve_device
from sensorium.encoders.space import EmbeddingSpace
from sensorium.errors import EncodingError, UnsupportedModalityError, show
from sensorium.percepts import Percept

REVISION = "hub1"  # of how percepts are cut and passed on
BATCH = 16  # windows in a forward pass
QUERY, DOCUMENT = "query", "document"  # the library's names of the two prompts
PROMPT_DIGITS = 8  # hex digits of a digest in the space's preprocessing


class HubEncoder(Remade, BatchedEncoder):
    """Encodes text, and pictures, sounds and videos where the model declares them.

    Texts that are kept and texts that ask have different prompts, where the model has them. Texts
    longer than the model reads become windows. Several threads may use one encoder, in turn.

    Attributes:
        prompts: Words before a text, by what it is for: `"query"` and `"document"`.
    """

    def __init__(
        self,
        name: str,
        *,
        device: str = "auto",
        dtype: str = "auto",
        modalities: Iterable[str] | None = None,
        dimension: int | None = None,
        prompts: Mapping[str, str] | None = None,
        revision: str | None = None,
        batch_size: int = BATCH,
    ) -> None:
        """Open a model that is on this machine.

        Args:
            name: Path of a folder, or the name of a downloaded model.
            device: `"auto"`, `"cpu"`, `"cuda"`, ...
            dtype: `"auto"` is the model's own on an accelerator, float32 on a CPU. float16 is
                refused for models that were made in bfloat16, and for all of Gemma.
            modalities: Modalities to use, the towers of the others are dropped; by default all
                that the model declares.
            dimension: First numbers of a vector to use, scaled to unit length again, for models
                that were trained for it (Matryoshka); their cards list the dimensions.
            prompts: Prompts in place of the model's own, `{"query": ..., "document": ...}`.
            revision: Branch, tag or commit of a downloaded model.
            batch_size: Windows in a forward pass.
        Raises:
            CheckpointNotFoundError: No such folder, or the model was not downloaded.
            CheckpointFormatError: A folder that holds no model, or one that cannot be opened.
            UnsupportedModalityError: A modality that the model does not declare.
            EncodingError: A device, precision, dimension, prompt or batch size that it cannot have.
        """
        self.batch_size = check_batch_size(batch_size)
        folder = model_folder(name, revision)
        place = resolve_device(device)
        self._model = load_model(folder, device=place, dtype=choose_dtype(dtype, place, folder))
        self._modalities = _chosen(modalities, self._model.modalities, name)
        whole = _dimension(dimension, self._model)
        drop_towers(self._model, self._modalities)
        self.prompts = _prompts(prompts, self._model.prompts)
        self._lock = Lock()  # a tokenizer has one state for all threads
        self._space = EmbeddingSpace(
            model=model_name(folder),
            weights=weights_digest(folder),
            preprocessing=f"{REVISION}-{settings_digest(folder)[:PROMPT_DIGITS]}"
            f"-prompts.{_prompt_digest(self.prompts)}",
            dimension=whole,
        )

    @property
    def space(self) -> EmbeddingSpace:
        """The space of its vectors: digests of weights, settings and prompts, and the dimension."""
        return self._space

    @property
    def modalities(self) -> frozenset[str]:
        """The modalities that the model declares, or those chosen of them."""
        return self._modalities

    def embed_questions(self, percepts: Sequence[Percept], /) -> Vectors:
        """Embed what asks: texts have the model's prompt for queries; see `EmbedsQuestions`."""
        return _Asking(self).embed(percepts)

    def windows(self, percept: Percept) -> Iterable[Window]:
        """Cut one percept into windows that the model reads whole, lazily."""
        return windows(percept, self._model, self.prompts[DOCUMENT])

    def length(self, inputs: Any) -> int:
        """Return the length of a text's inputs."""
        return len(inputs["text"])

    def forward(self, modalities: Sequence[str], inputs: Sequence[Any]) -> Vectors:
        """Map windows of one modality to unit vectors `(B, D)`."""
        return self.encode_inputs(modalities[0], inputs, self.prompts[DOCUMENT])

    def encode_inputs(self, modality: str, inputs: Sequence[Any], prompt: str) -> Vectors:
        """Map inputs of one modality to unit vectors `(B, D)`; a prompt stands before texts."""
        with self._lock:
            rows = self._model.encode(
                list(inputs),
                prompt=prompt if modality == "text" else "",
                batch_size=self.batch_size,
                show_progress_bar=False,
                truncate_dim=self.dimension,
            )
        unit = np.asarray(rows, np.float32)  # scaled here: in bfloat16 the length is too coarse
        with np.errstate(divide="ignore", invalid="ignore"):  # a row without length fails alone
            unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        return unit


class _Asking(BatchedEncoder):
    """An encoder seen from the side of those who ask: with its prompt for queries."""

    def __init__(self, encoder: HubEncoder) -> None:
        self._encoder, self.batch_size = encoder, encoder.batch_size

    @property
    def space(self) -> EmbeddingSpace:
        return self._encoder.space

    @property
    def modalities(self) -> frozenset[str]:
        return self._encoder.modalities

    def windows(self, percept: Percept) -> Iterable[Window]:
        return windows(percept, self._encoder._model, self._encoder.prompts[QUERY])

    def length(self, inputs: Any) -> int:
        return self._encoder.length(inputs)

    def forward(self, modalities: Sequence[str], inputs: Sequence[Any]) -> Vectors:
        return self._encoder.encode_inputs(modalities[0], inputs, self._encoder.prompts[QUERY])


def _chosen(wanted: Iterable[str] | None, declared: Sequence[Any], name: str) -> frozenset[str]:
    has = frozenset(each for each in declared if each in MODALITIES)
    chosen = has if wanted is None else frozenset(wanted)
    if not chosen or not chosen <= has:
        raise UnsupportedModalityError(
            f"modalities={sorted(chosen)!r} of {show(name)}",
            f"some of those that the model declares: {', '.join(sorted(has)) or 'none of ours'}",
            "leave out the others, or carry them: CarriedEncoder(host, senses=load_encoder())"
            if has
            else "call the model yourself, in the functions of a FunctionEncoder",
        )
    return chosen


def _prompts(given: Mapping[str, str] | None, own: Mapping[str, str | None]) -> dict[str, str]:
    """Return the two prompts: the given ones, else the model's."""
    unknown = set(given or {}) - {QUERY, DOCUMENT}
    if unknown or not all(isinstance(words, str) for words in (given or {}).values()):
        raise EncodingError(
            f"prompts={show(given)}",
            "text for query and document",
            'write prompts={"query": "...", "document": "..."}',
        )
    usual = {name: own.get(name) or "" for name in (QUERY, DOCUMENT)}
    return usual | dict(given or {})


def _prompt_digest(prompts: Mapping[str, str]) -> str:
    written = json.dumps(prompts, sort_keys=True).encode()
    return hashlib.sha256(written).hexdigest()[:PROMPT_DIGITS]


def _dimension(wanted: int | None, model: Any) -> int:
    """Return the numbers of a vector, of those that the model makes.

    Raises:
        EncodingError: More than it makes, or none.
    """
    # What a model says of itself can be another number than it makes
    reads = "text" in model.modalities
    whole = (
        len(model.encode([{"text": "a"}], show_progress_bar=False)[0])
        if reads
        else int(model.get_embedding_dimension())
    )
    if wanted is None:
        return whole
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= whole:
        raise EncodingError(
            f"dimension={show(wanted)} of a model whose vectors have {whole} numbers",
            f"a whole number from 1 to {whole}",
            "use a dimension that its card lists, or leave it out",
        )
    return wanted
