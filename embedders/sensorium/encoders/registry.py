"""Finding an encoder by its name, without importing any other."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TypeAlias

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.forking import undivided
from sensorium.errors import SensoriumError, UnknownEncoderError

GROUP = "sensorium.encoders"  # group of the entry points by which packages offer encoders

Opener: TypeAlias = Callable[..., Encoder]  # called with device= and dtype=

_registered: dict[str, Opener] = {}


def register_encoder(name: str, opener: Opener) -> None:
    """Make `load_encoder(name)` call `opener(device=..., dtype=...)`.

    Args:
        name: Name of the encoder; an earlier registration or an installed encoder of that name is
            replaced.
        opener: Function that returns the encoder; it imports what it needs when it is called.
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


def registered_opener(name: str) -> Opener | None:
    """Return what was registered under a name in this process."""
    return _registered.get(name)


def encoder_names() -> list[str]:
    """List the names that `load_encoder` knows, both registered and of installed packages."""
    return sorted({*_registered, *(point.name for point in entry_points(group=GROUP))})


DEFAULT = "sensorium-mini"  # comes with the package


def load_encoder(name: str = DEFAULT, *, device: str = "auto", dtype: str = "auto") -> Encoder:
    """Open an encoder.

    Args:
        name: A registered or installed name (see `encoder_names`), or `"module:attribute"`; by
            default the encoder inside the package.
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:1"`, ...
        dtype: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
    Returns:
        Whatever the opener of that name returns.
    Raises:
        UnknownEncoderError: No encoder has that name, and the message lists the known names; or
            what it is made of cannot be imported.
        MissingExtraError: It needs an extra that is not installed; the message has the command.
        WeightsError: The weights are not on this machine; the message says how to get them.
        EncodingError: The encoder does not take that device or dtype.
    """
    with undivided():  # a child could never import what a thread of its parent was importing
        opener = _find(name)
        if not callable(opener):
            raise UnknownEncoderError(
                f"the encoder {name!r}, which is {opener!r}",
                "a function that takes device= and dtype= and returns an encoder",
                "name such a function",
            )
        return opener(device=device, dtype=dtype)


def _find(name: str) -> Opener:
    if not isinstance(name, str):
        raise UnknownEncoderError(
            f"{name!r} as the name of an encoder",
            f'one of {", ".join(encoder_names())}, or "module:attribute"',
            "pass the name; an encoder that is already open needs no loading",
        )
    if name in _registered:
        return _registered[name]
    for point in entry_points(group=GROUP, name=name):
        return _imported(name, point.module, point.attr)
    # Nothing offers that name: it may be the path of a function.
    module, _, attribute = name.partition(":")
    if not (module and attribute):
        raise UnknownEncoderError(
            f"the encoder name {name!r}",
            f'one of {", ".join(encoder_names())}, or "module:attribute"',
            "check the spelling, register it with register_encoder, or open a checkpoint with "
            "ImageBindEncoder.from_checkpoint(path)",
        )
    return _imported(name, module, attribute)


def _imported(name: str, module: str, attribute: str) -> Opener:
    try:
        found: Opener = getattr(importlib.import_module(module), attribute)
    except SensoriumError:  # it says itself what to install
        raise
    except (ImportError, AttributeError, TypeError, OSError) as error:  # OSError: a shared library
        raise UnknownEncoderError(
            f"the encoder {name!r} ({error})",
            "an importable module and an attribute of it",
            "check both, and that the package is installed",
        ) from error
    return found
