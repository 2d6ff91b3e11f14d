"""Finding an encoder by its name, without importing any other."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import partial
from importlib.metadata import entry_points
from typing import Any, TypeAlias

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.forking import undivided
from sensorium.errors import EncodingError, SensoriumError, UnknownEncoderError

GROUP = "sensorium.encoders"  # group of the entry points by which packages offer encoders

Opener: TypeAlias = Callable[..., Encoder]  # called with device= and dtype=

# Libraries that open many models, by what stands before the name or the folder of one.
FAMILIES = {"sentence-transformers": ("sensorium.encoders.hub", "HubEncoder")}

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


def load_encoder(
    name: str = DEFAULT, *, device: str = "auto", dtype: str = "auto", **options: Any
) -> Encoder:
    """Open an encoder.

    Args:
        name: A registered or installed name (see `encoder_names`), `"module:attribute"`, or
            `"sentence-transformers:"` and the name or folder of a model; by default the encoder
            inside the package.
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:1"`, ...
        dtype: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
        options: What else the opener of that name takes; anything else is refused. See `HubEncoder`
            for those of `"sentence-transformers:"`, such as `dimension` and `modalities`.
    Returns:
        Whatever the opener of that name returns.
    Raises:
        UnknownEncoderError: No encoder has that name, and the message lists the known names; or
            what it is made of cannot be imported.
        MissingExtraError: It needs an extra that is not installed; the message has the command.
        WeightsError: The weights are not on this machine; the message says how to get them.
        EncodingError: The encoder does not take that device, dtype or option.
    """
    with undivided():  # a child could never import what a thread of its parent was importing
        opener = _find(name)
        if not callable(opener):
            raise UnknownEncoderError(
                f"the encoder {name!r}, which is {opener!r}",
                "a function that takes device= and dtype= and returns an encoder",
                "name such a function",
            )
        return opener(device=device, dtype=dtype, **_checked(name, opener, options))


def _checked(name: str, opener: Opener, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options after checking that the opener takes them.

    Raises:
        EncodingError: It does not.
    """
    if not options:
        return options
    parameters = inspect.signature(opener).parameters.values()
    takes = {each.name for each in parameters if each.kind is not each.VAR_KEYWORD}
    if any(each.kind is each.VAR_KEYWORD for each in parameters) or options.keys() <= takes:
        return options
    own = sorted(takes - {"device", "dtype", "name"})
    raise EncodingError(
        f"{', '.join(sorted(options.keys() - takes))} for the encoder {name!r}",
        f"options that it takes: device, dtype{''.join(f', {each}' for each in own)}",
        "leave the others out",
    )


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
    family, _, model = name.partition(":")
    if family in FAMILIES:
        return _member(family, model)
    # Nothing offers that name: it may be the path of a function.
    module, _, attribute = name.partition(":")
    if not (module and attribute):
        raise UnknownEncoderError(
            f"the encoder name {name!r}",
            f'one of {", ".join(encoder_names())}, "sentence-transformers:NAME-OR-FOLDER", or '
            '"module:attribute"',
            "check the spelling, register it with register_encoder, or open a checkpoint with "
            "ImageBindEncoder.from_checkpoint(path)",
        )
    return _imported(name, module, attribute)


def _member(family: str, model: str) -> Opener:
    """Return the opener of one model of a library."""
    if not model.strip():
        raise UnknownEncoderError(
            f'"{family}:" without a model',
            "the name of one, or its folder",
            f'write "{family}:NAME-OR-FOLDER"',
        )
    return partial(_imported(f"{family}:{model}", *FAMILIES[family]), model)


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
