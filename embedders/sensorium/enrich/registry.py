"""Finding an enricher by its name, without importing any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

from sensorium.encoders.forking import Lock
from sensorium.enrich.enricher import Enricher
from sensorium.errors import PerceptFormatError, SensoriumError, show

GROUP = "sensorium.enrichers"  # group of the entry points by which packages offer enrichers
BUILT_IN = {
    "read": "sensorium.enrich.picture_reader:PictureReader",
    "listen": "sensorium.enrich.speech_listener:SpeechListener",
}

Opener: TypeAlias = Callable[..., Enricher]
# What a caller asks for: nothing, all that is built in, or names and enrichers.
Enrichers: TypeAlias = "bool | str | Enricher | Sequence[str | Enricher]"

_registered: dict[str, Opener] = {}


def register_enricher(name: str, opener: Opener) -> None:
    """Make `load_enricher(name)` call `opener(**options)`.

    Args:
        name: Name of the enricher; another one of that name is replaced.
        opener: A class, or a function that returns an enricher.
    Raises:
        PerceptFormatError: The opener cannot be called.
    """
    if not callable(opener):
        raise PerceptFormatError(
            f"{show(opener)} as the opener of the enricher {name!r}",
            "a class, or a function that returns an enricher",
            "pass the class itself",
        )
    _registered[name] = opener


def enricher_names() -> list[str]:
    """List the names that `load_enricher` knows: registered, of installed packages, built in."""
    offered = (point.name for point in entry_points(group=GROUP))
    return sorted({*_registered, *offered, *BUILT_IN})


def load_enricher(name: str, **options: Any) -> Enricher:
    """Open an enricher.

    Args:
        name: `"read"` for words in pictures and videos, `"listen"` for spoken words, or the name
            under which another one is registered.
        options: Keywords of that enricher.
    Raises:
        PerceptFormatError: No enricher has that name, or what a package offers is none.
        MissingExtraError: It needs an extra that is not installed; the message has the command.
        WeightsError: It needs weights that are not on this machine; the message says where from.
    """
    opener = _find(name)
    try:
        made = opener(**options)
    except TypeError as error:
        raise PerceptFormatError(
            f"the enricher {name!r} with the options {show(options)} ({error})",
            "options that it takes",
            "see help(load_enricher(name))",
        ) from error
    if not isinstance(made, Enricher):
        raise PerceptFormatError(
            f"{show(made)} as the enricher {name!r}",
            "an object with by, modalities and find(percept)",
            "see docs/enrich.md for a whole one",
        )
    return made


class OpenedEnrichers:
    """Enrichers that are opened by their names, each once, for all who share them."""

    def __init__(self) -> None:
        """Open none yet."""
        self._opened: dict[str, Enricher] = {}
        self._lock = Lock()  # two threads must not open a model twice

    def named(self, wish: str | Enricher) -> Enricher:
        """Return an enricher by its name, or as it is.

        Raises:
            SensoriumError: It cannot be opened; see `load_enricher`.
        """
        if not isinstance(wish, str):
            return wish
        with self._lock:
            if wish not in self._opened:
                self._opened[wish] = load_enricher(wish)
            return self._opened[wish]


def named_enrichers(enrich: Enrichers) -> list[str | Enricher]:
    """Return the names and enrichers that a caller asks for.

    Args:
        enrich: `False` is none, `True` all that are built in; or names and enrichers.
    Raises:
        PerceptFormatError: It is nothing of the kind, or a name is not known.
    """
    if isinstance(enrich, bool):
        return list(BUILT_IN) if enrich else []
    asked: list[Any] = [enrich]
    if not isinstance(enrich, (str, Enricher)) and isinstance(enrich, Iterable):
        asked = list(enrich)
    known = enricher_names() if any(isinstance(each, str) for each in asked) else []
    for each in asked:
        if not (each in known if isinstance(each, str) else isinstance(each, Enricher)):
            raise PerceptFormatError(
                f"enrich={show(enrich)}",
                f"True, names among {', '.join(enricher_names())}, or enrichers",
                'write enrich=["read", "listen"]',
            )
    return asked


def _find(name: str) -> Opener:
    if name in _registered:
        return _registered[name]
    own = [EntryPoint(name, BUILT_IN[name], GROUP)] if name in BUILT_IN else []
    for point in [*entry_points(group=GROUP, name=str(name)), *own]:
        try:
            found: Opener = getattr(import_module(point.module), point.attr)
        except SensoriumError:  # it says itself what to install
            raise
        except (ImportError, AttributeError, OSError) as error:
            raise PerceptFormatError(
                f"the enricher {name!r} of an installed package ({error})",
                "a class that can be imported",
                "update the package that offers it, or uninstall it",
            ) from error
        return found
    raise PerceptFormatError(
        f"the enricher {show(name)}",
        f"one of {', '.join(enricher_names())}",
        "check the spelling, or register it with register_enricher",
    )
