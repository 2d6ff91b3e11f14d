"""What a model sent as percepts: base64, files of the allowed folders, samples of motion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mcp.server.mcpserver.exceptions import ToolError

from sensorium.errors import SensoriumError, SourceRefusedError, SourceTypeError
from sensorium.mcp.options import ServerLimits
from sensorium.mcp.signals import AXES, Signal
from sensorium.mcp.wording import shown, told
from sensorium.percepts import Percept
from sensorium.percepts.base64_text import from_base64
from sensorium.percepts.locations import allowed_path
from sensorium.percepts.recognising import percept_from_media

UNITS: Mapping[str, frozenset[str]] = {  # that the senses take
    "depth": frozenset({"unit", "fx", "baseline"}),
    "thermal": frozenset({"unit", "span", "palette"}),
    "imu": frozenset({"accel", "gyro", "rate"}),
}
MOTION = "imu"


class MediaReader:
    """Makes percepts of what a model sent, within limits and roots."""

    def __init__(self, roots: Sequence[Path], limits: ServerLimits) -> None:
        """Read files below `roots` only; without any, none."""
        self._roots = [root.expanduser().absolute() for root in roots]
        self._limits = limits

    def read(self, signal: Signal, name: str = "media") -> Percept:
        """Make a percept.

        Args:
            signal: What was sent.
            name: What to call it in messages.
        Raises:
            ToolError: It cannot be taken; says what to do.
        """
        modality = MOTION if signal.samples is not None else signal.modality
        units = self._units(signal, modality, name)
        try:
            content, path = self._content(signal, name)
            return percept_from_media(
                content,
                mime_type=signal.mime_type,
                modality=modality,
                units=units,
                at=signal.at,
                uri=path.as_uri() if path and signal.uri is None else signal.uri,
                roots=self._roots,
            )
        except SensoriumError as error:
            raise ToolError(f"{name}: {told(error, modality=modality)}") from error

    def _content(self, signal: Signal, name: str) -> tuple[Any, Path | None]:
        """Return what a percept is made of, and the path if it is a file."""
        if signal.data is not None:
            return self._decoded(signal.data, name), None
        if signal.samples is not None:
            return np.array(signal.samples, np.float64).reshape(-1, AXES), None
        given = signal.path or ""
        try:
            path = allowed_path(self._found(given), self._roots)
        except SourceRefusedError as error:
            raise ToolError(f"{name}: {self._refusal(given)}") from error
        return path, path

    def _decoded(self, data: str, name: str) -> bytes | str:
        """Return the content, or the data: URI that holds it and its type."""
        most, text = self._limits.upload_bytes, "".join(data.split())
        if len(text) // 4 * 3 > most:
            raise ToolError(
                f"{name}: base64 of {len(text)} characters; needed at most {most} bytes of content;"
                " send a smaller file" + self._other_way()
            )
        if text[:5].lower() == "data:":
            return text
        try:
            return from_base64(text)
        except SourceTypeError as error:
            reason = error.__cause__
            raise ToolError(
                f"{name}: data that is not base64 ({shown(data[:20])}, {reason}); needed the whole "
                "file as base64; encode it again"
            ) from error

    def _found(self, given: str) -> str | Path:
        """Look for a path that is not absolute in each root; where it leads is checked later."""
        if given.startswith("~") or "://" in given or Path(given).is_absolute():
            return given
        candidates = [root / given for root in self._roots]
        found = [each for each in candidates if _is_file(each)] or candidates
        return found[0] if found else given

    def _units(self, signal: Signal, modality: str | None, name: str) -> dict[str, Any]:
        """Return the keywords of a percept, those of other senses refused."""
        units = signal.units.given
        if modality in Percept.modalities:
            strange = sorted(units.keys() - UNITS.get(modality, frozenset()))
        else:
            strange = sorted(units)
        if strange and modality is None:
            raise ToolError(
                f"{name}: units without a modality; needed the sense they belong to; "
                "add modality: depth, thermal or imu"
            )
        if strange:
            raise ToolError(
                f"{name}: {', '.join(strange)} for {modality}; needed units of {modality}, "
                f"{', '.join(sorted(UNITS.get(modality or '', ()))) or 'which has none'}; "
                "leave them out"
            )
        return {**units, "timestamps": signal.times} if signal.times else units

    def _refusal(self, given: str) -> str:
        came = f"the path {shown(given)}"
        if "://" in given:
            came = f"the URL {shown(given)}, and nothing is fetched"
        if not self._roots:
            return (
                f"{came}; needed the file itself, as this server may read no folder; send it as "
                "base64 in data, or ask the user to start the server with --root FOLDER"
            )
        roots = ", ".join(map(str, self._roots))
        return (
            f"{came}; needed a file below {roots}, links followed; send it as base64 in data, or "
            "ask the user to add its folder with --root"
        )

    def _other_way(self) -> str:
        if self._roots:
            return f", or a path below {', '.join(map(str, self._roots))}"
        return ", or ask the user to allow its folder with --root and send the path"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long, or in a folder that may not be read
        return False
