"""Signals that a model or a program names, as percepts: within allowed folders and sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sensorium.agents.arguments import AXES, Signal
from sensorium.agents.limits import MEDIA_LIMITS, UPLOAD_BYTES
from sensorium.agents.wording import TOO_LARGE, quoted, worded
from sensorium.errors import (
    PerceptFormatError,
    SensoriumError,
    SourceRefusedError,
    SourceTypeError,
    ToolArgumentError,
)
from sensorium.percepts import IMU, Percept, percept_from_media
from sensorium.percepts.codecs.base64_text import from_base64
from sensorium.percepts.limits import Limits
from sensorium.percepts.locations import allowed_path, directories
from sensorium.sources.rules import options_of
from sensorium.sources.single_file import WITH

NAMES = frozenset({"dataset", "dtype"})  # units that are names, even if they look like numbers
Content: TypeAlias = "str | os.PathLike[str] | bytes | Percept"


class SignalReader:
    """Makes percepts of the signals that a model sends.

    Every `ToolArgumentError` it raises is worded for the model, and names the signal.
    """

    def __init__(
        self,
        roots: str | Path | Sequence[str | Path] = (),
        *,
        upload_bytes: int = UPLOAD_BYTES,
        limits: Limits = MEDIA_LIMITS,
        permission: str = "allow its folder",
    ) -> None:
        """Read files below `roots` only; without any, no file is read.

        Args:
            roots: Folders that a path may lead into, links followed.
            upload_bytes: Largest file sent as base64, decoded.
            limits: Largest sizes of a text, and of what files and samples decode to.
            permission: What a model can ask the user for when a path is refused.
        """
        self._roots = [root.absolute() for root in directories(roots)]
        self._upload_bytes = upload_bytes
        self._limits = limits
        self._permission = permission

    def read_all(self, signals: Sequence[Signal]) -> list[Percept]:
        """Make a percept of each signal of the argument `media`; raises as `read`."""
        return [self.read(signal, f"media[{i}]") for i, signal in enumerate(signals)]

    def check_text(self, text: str | None, name: str = "text") -> None:
        """Check the length of a text that is remembered or asked for.

        Args:
            text: The text, if one was sent.
            name: Name of the argument in messages.
        Raises:
            ToolArgumentError: It has too many characters.
        """
        if text is not None and len(text) > self._limits.max_characters:
            raise ToolArgumentError(
                f"{name} of {len(text)} characters",
                f"at most {self._limits.max_characters}",
                TOO_LARGE,
            )

    def read(self, signal: Signal, name: str = "media") -> Percept:
        """Make a percept of a signal.

        Args:
            signal: The signal that a model sent.
            name: Name of the signal in messages.
        Raises:
            ToolArgumentError: The signal cannot be taken.
        """
        modality = IMU.modality if signal.samples is not None else signal.modality
        try:
            units = _units_of(signal, modality)
            content, path = self._content(signal)
            return percept_from_media(
                content,
                mime_type=signal.mime_type,
                modality=modality,
                units=units,
                at=signal.at,
                uri=path.as_uri() if path and signal.uri is None else signal.uri,
                limits=self._limits,
                roots=self._roots,  # once more, as a link may have changed since
            )
        except SensoriumError as error:
            refused = worded(error, modality=modality)
            raise ToolArgumentError(
                f"{name}: {refused.came}", refused.needed, refused.remedy
            ) from error

    def _content(self, signal: Signal) -> tuple[Any, Path | None]:
        """Return the content of a signal, and the path if it is a file."""
        if signal.data is not None:
            return self._decode(signal.data), None
        if signal.samples is not None:
            return np.array(signal.samples, np.float64).reshape(-1, AXES), None
        named = signal.path or ""
        try:
            path = allowed_path(self._find(named), self._roots)
        except SourceRefusedError as error:
            raise self._refusal(named) from error
        return path, path

    def _decode(self, data: str) -> bytes | str:
        """Return the file that base64 holds, or the data: URI that holds a file and its type."""
        text = "".join(data.split())
        if len(text) // 4 * 3 > self._upload_bytes:
            path = f"ask the user to {self._permission} and send the path"
            if self._roots:
                path = f"a path below {self._folders}"
            raise ToolArgumentError(
                f"base64 of {len(text)} characters",
                f"at most {self._upload_bytes} bytes of content",
                f"send a smaller file, or {path}",
            )
        if text[:5].lower() == "data:":
            return text
        try:
            return from_base64(text)
        except SourceTypeError as error:
            raise ToolArgumentError(
                f"data that is not base64 ({quoted(data[:20])}, {error.__cause__})",
                "the whole file as base64",
                "encode it again",
            ) from error

    def _find(self, path: str) -> str | Path:
        """Look for a relative path in each root; where it leads is checked later."""
        if path.startswith("~") or "://" in path or Path(path).is_absolute():
            return path
        candidates = [root / path for root in self._roots]
        files = [candidate for candidate in candidates if _is_file(candidate)] or candidates
        return files[0] if files else path

    def _refusal(self, path: str) -> ToolArgumentError:
        came = f"the path {quoted(path)}"
        if "://" in path:
            came = f"the URL {quoted(path)}, and nothing is fetched"
        remedy = f"send it as base64 in data, or ask the user to {self._permission}"
        if not self._roots:
            return ToolArgumentError(came, "the file itself, as no folder may be read", remedy)
        return ToolArgumentError(came, f"a file below {self._folders}, links followed", remedy)

    @property
    def _folders(self) -> str:
        return ", ".join(map(str, self._roots))


def _units_of(signal: Signal, modality: str | None) -> dict[str, Any]:
    """Return the keywords of a signal's percept.

    Raises:
        ToolArgumentError: Units without a modality, or units that the modality does not have.
    """
    units = {
        name: value if name in NAMES else _as_number(value)
        for name, value in (signal.units or {}).items()
        if value is not None
    }
    if units and modality is None:
        raise ToolArgumentError(
            f"the units {', '.join(sorted(units))} without a modality",
            "the modality they belong to",
            "add modality: depth, thermal or imu",
        )
    sense = Percept.modalities.get(modality or "")
    needs = sense.needs if sense else {}
    known = options_of(sense.modality) - {WITH} if sense else frozenset()
    unknown = sorted(units.keys() - known)
    if unknown:
        raise ToolArgumentError(
            f"{', '.join(unknown)} for {modality}",
            f"units of {modality}, {', '.join(needs) or 'which has none'}",
            "leave them out",
        )
    return {**units, "timestamps": signal.times} if signal.times else units


def _as_number(value: object) -> object:
    """Return the number that a text is, as some models write numbers; other values as they are."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # The path is too long, or in a folder that may not be read.
        return False


def percepts_of(
    contents: Sequence[Content], *, modality: str, units: Mapping[str, Any]
) -> list[Percept]:
    """Make a percept of each of a program's signals of one modality.

    Args:
        contents: Paths, `file:` or `data:` URIs, encoded bytes, or percepts of that modality.
        modality: Modality of every signal.
        units: Keywords of the percept's class, for signals that are not percepts yet.
    Raises:
        SourceTypeError: A single signal instead of a list.
        PerceptFormatError: A percept of another modality, or units that the modality lacks.
        PerceptError: A signal that cannot be taken.
    """
    if isinstance(contents, (str, bytes, os.PathLike, Percept)):
        raise SourceTypeError(
            f"a single {type(contents).__name__}", "a list of them", "write [...] around it"
        )
    return [_percept(content, modality, units) for content in contents]


def _percept(content: Content, modality: str, units: Mapping[str, Any]) -> Percept:
    if not isinstance(content, Percept):
        return percept_from_media(content, modality=modality, units=units)
    if content.modality != modality:
        raise PerceptFormatError(
            f"a percept of modality {content.modality!r}",
            f"one of {modality!r}",
            f"use the method for {content.modality}",
        )
    return content
