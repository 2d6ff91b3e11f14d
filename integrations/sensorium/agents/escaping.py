"""What a memory holds, written so that it cannot be taken for a line of the answer itself."""

from __future__ import annotations

import json
import re
from typing import Any

# Controls and ends of lines that JSON leaves as they are, and what turns letters around
UNSAFE = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def escaped(text: str) -> str:
    """Write what could end a line, or turn its letters around, as `\\u2028`.

    JSON stays the same JSON.
    """
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def quoted_json(value: Any) -> str:
    """Write a value as JSON on one line, in its own letters."""
    return escaped(json.dumps(value, ensure_ascii=False))
