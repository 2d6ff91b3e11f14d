"""A signal without words is named by its kind, its length and its file."""

from __future__ import annotations

import pytest

from sensorium.agents.naming import named


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("file:///home/ana/dog%20bark.ogg", "a sound of 2.9 s, dog bark.ogg"),
        ("C/dog.ogg", "a sound of 2.9 s, dog.ogg"),
        ("data:audio/ogg;base64,T2dnUw/abc", "a sound of 2.9 s"),
        (None, "a sound of 2.9 s"),
    ],
)
def test_a_signal_is_named_by_its_file(uri: str | None, name: str) -> None:
    """Of a `data:` URI, which is the file itself, nothing is shown."""
    assert named("audio", 2.94, uri) == name
