"""Opening a model with sentence-transformers, in a precision that it bears, without idle towers."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from sensorium.encoders.hub.files import config_of
from sensorium.encoders.placement import DTYPES, resolve_dtype
from sensorium.errors import CheckpointFormatError, EncodingError, first_line

MODALITIES = ("text", "image", "video", "audio")  # of the library that are ours as well
# Modules of the models of transformers that serve one kind of input alone.
SEEING = ("vision_model", "vision_tower", "visual_projection", "embed_vision", "video_model")
HEARING = ("audio_model", "audio_tower", "audio_projection", "embed_audio")
READING = ("text_model", "text_projection")
# Trained on texts padded to their longest, and read at the last position: without the padding a
# text has another vector (`SiglipModel`'s documentation). Not all of their processors pad.
PADDED = "siglip"  # beginning of the `model_type`


def choose_dtype(dtype: str, device: torch.device, folder: Path) -> torch.dtype:
    """Return the precision for a model; `"auto"` is its own on an accelerator, else float32.

    A model that was made in bfloat16 has numbers beyond the range of float16. The cards of the
    Gemma models say so, and the same holds for others.

    Raises:
        EncodingError: float16, for such a model; or an unknown precision.
    """
    config = config_of(folder)
    made_in = str(config.get("dtype", config.get("torch_dtype", "float32")))
    bears_half = made_in != "bfloat16" and "gemma" not in str(config.get("model_type", ""))
    if dtype == "auto":
        own = DTYPES.get(made_in, torch.float32)
        return torch.float32 if device.type == "cpu" else own
    chosen = resolve_dtype(dtype, device)
    if chosen == torch.float16 and not bears_half:
        raise EncodingError(
            f"dtype={dtype!r} for a model made in {made_in} ({config.get('model_type')})",
            "float32 or bfloat16: its numbers leave the range of float16",
            'use dtype="bfloat16" or "auto"',
        )
    return chosen


def load_model(folder: Path, *, device: torch.device, dtype: torch.dtype) -> Any:
    """Open the model of a folder; code that comes with a model is never run.

    Returns:
        A `SentenceTransformer`.
    Raises:
        CheckpointFormatError: sentence-transformers cannot open it.
    """
    from sentence_transformers import SentenceTransformer

    try:
        with _quiet():
            model = SentenceTransformer(
                str(folder),
                device=str(device),
                local_files_only=True,
                model_kwargs={"dtype": dtype},
            ).eval()
    except Exception as error:  # whatever the classes of the model raise
        raise CheckpointFormatError(
            f"the folder {str(folder)!r}, which cannot be opened ({first_line(error)})",
            "a model that sentence-transformers opens without code of its own",
            "save it with SentenceTransformer.save_pretrained; a damaged download: run it again",
        ) from error
    if str(config_of(folder).get("model_type", "")).startswith(PADDED):
        longest = {"padding": "max_length", "max_length": model.max_seq_length, "truncation": True}
        model[0].processing_kwargs["text"] = longest | model[0].processing_kwargs.get("text", {})
    return model


def drop_towers(model: Any, used: Collection[str]) -> None:
    """Free the modules of a model that only serve modalities which are not used."""
    idle: list[str] = []
    idle += SEEING if not {"image", "video"} & set(used) else ()
    idle += HEARING if "audio" not in used else ()
    idle += READING if "text" not in used and _has_text_apart(model) else ()
    inner = getattr(model, "transformers_model", None)
    for name in idle:
        if isinstance(getattr(inner, name, None), torch.nn.Module):
            setattr(inner, name, None)


def _has_text_apart(model: Any) -> bool:
    """Return whether text has a tower of its own: in other models pictures pass through it."""
    ways = getattr(model[0], "modality_config", {})
    return bool(ways.get("text", {}).get("method", "") == "get_text_features")


@contextmanager
def _quiet() -> Iterator[None]:
    """Show no bars of progress, and no warning of what a library does with its own classes."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if shown:
            logging.enable_progress_bar()
