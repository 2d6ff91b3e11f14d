"""Finding an encoder by name, without importing one that is not asked for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TypeAlias

from sensorium.encoders.encoder import Encoder
from sensorium.errors import UnknownEncoderError

GROUP = "sensorium.encoders"  # entry points under which packages offer encoders

Opener: TypeAlias = Callable[..., Encoder]  # called with device= and dtype=

_registered: dict[str, Opener] = {}


def register_encoder(name: str, opener: Opener) -> None:
    """Make `load_encoder(name)` call `opener(device=..., dtype=...)`.

    Args:
        name: Replaces an earlier registration, or an installed encoder, of that name.
        opener: Returns the encoder; imports what it needs when called.
    Raises:
        UnknownEncoderError: The opener cannot be called.
    """
    if not callable(opener):
        raise UnknownEncoderError(
            f"{opener!r} as the opener of {name!r}",
            "a function that takes device= and dtype=",
            "pass the function itself",
        )
    _registered[name] = opener


def encoder_names() -> list[str]:
    """List the names `load_encoder` knows: registered ones, and those of installed packages."""
    return sorted({*_registered, *(point.name for point in entry_points(group=GROUP))})


DEFAULT = "sensorium-mini"  # comes with the package


def load_encoder(name: str = DEFAULT, *, device: str = "auto", dtype: str = "auto") -> Encoder:
    """Open an encoder.

    Args:
        name: A registered or installed name (see `encoder_names`), or `"module:attribute"`; by
            default the encoder inside the package.
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:1"`, ...
        dtype: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
    Raises:
        UnknownEncoderError: No encoder of that name; the message lists those there are.
        WeightsError: Its weights are not on this machine; the message says how to get them.
    """
    opener = _find(name)
    if not callable(opener):
        raise UnknownEncoderError(
            f"the encoder {name!r}, which is {opener!r}",
            "a function that takes device= and dtype= and returns an encoder",
            "name such a function",
        )
    return opener(device=device, dtype=dtype)


def _find(name: str) -> Opener:
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=GROUP, name=name):
        opener: Opener = point.load()
        return opener
    module, _, attribute = name.partition(":")
    if not (module and attribute):
        raise UnknownEncoderError(
            f"the encoder name {name!r}",
            f'one of {", ".join(encoder_names())}, or "module:attribute"',
            "check the spelling, register it with register_encoder, or open a checkpoint with "
            "ImageBindEncoder.from_checkpoint(path)",
        )
    try:
        found: Opener = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, TypeError) as error:
        raise UnknownEncoderError(
            f"the encoder {name!r} ({error})",
            "an importable module and an attribute of it",
            "check both, and that the package is installed",
        ) from error
    return found
