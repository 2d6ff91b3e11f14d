"""Values of items as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.errors import RecordError
from sensorium.memory.checks import DEEPEST


def json_value(value: object, *, depth: int = 1, path: str = "value") -> Any:
    """Copy a value as JSON, in which tuples are lists. The memory checks text and numbers.

    Args:
        value: Value of an item, or a part of it.
        depth: Depth of this part.
        path: Path of this part, for messages.
    Raises:
        RecordError: The value is not a dictionary, has a part that JSON cannot hold, or is nested
            too deep.
    """
    if depth == 1 and not isinstance(value, Mapping):
        raise RecordError(f"value={value!r}", "a dictionary", 'write {"text": "..."}')
    if depth >= DEEPEST and isinstance(value, (Mapping, list, tuple)):
        raise RecordError(
            f"a value nested {depth} deep or more",
            f"less than {DEEPEST}",
            "flatten it, or write it as text with json.dumps()",
        )
    if isinstance(value, Mapping):
        return {
            _plain(key): json_value(inner, depth=depth + 1, path=f'{path}["{key}"]')
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [
            json_value(inner, depth=depth + 1, path=f"{path}[{index}]")
            for index, inner in enumerate(value)
        ]
    if value is None or isinstance(value, (str, int, float)):
        return _plain(value)
    raise RecordError(
        f"{path}, a {type(value).__name__}",
        "text, numbers, true, false, None, lists and dictionaries",
        "convert it with str(), .isoformat() or .tolist(); write a picture or another medium as a "
        'content block: {"type": "image", "base64": ..., "mime_type": ...}',
    )


def _plain(value: Any) -> Any:
    """Return text or a number of a subclass, such as an enumeration, as a plain one."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else value
