"""Encoders are found by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.colours import ColourEncoder, open_colours

from sensorium.encoders import Encoder, encoder_names, load_encoder, register_encoder
from sensorium.errors import CheckpointNotFoundError, MissingExtraError, UnknownEncoderError


def test_an_encoder_is_found_by_name_or_by_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Registered names, `module:attribute` and installed entry points all open."""
    register_encoder("colours", open_colours)
    assert isinstance(load_encoder("colours"), Encoder)
    assert {"colours", "imagebind-huge"} <= set(encoder_names())
    (tmp_path / "my_encoders.py").write_text(
        "def open_mine(*, device, dtype): return (device, dtype)"
    )
    monkeypatch.syspath_prepend(tmp_path)
    opened: object = load_encoder("my_encoders:open_mine", device="cpu")
    assert opened == ("cpu", "auto")


@pytest.mark.parametrize(
    "name", ["imagebind-hug", "no_such_module:x", "sensorium.encoders:nothing"]
)
def test_unknown_encoders_are_named(name: str) -> None:
    """The error repeats the name and lists the known names."""
    with pytest.raises(UnknownEncoderError, match=name.partition(":")[0]):
        load_encoder(name)


@pytest.mark.parametrize(
    ("broken", "error", "told"),
    [
        ("import no_such_package", UnknownEncoderError, "no_such_package"),
        ("raise OSError('libx.so: no such file')", UnknownEncoderError, "libx.so"),
        (
            "from sensorium.errors import MissingExtraError\n"
            "raise MissingExtraError.for_package('torch', 'imagebind')",
            MissingExtraError,
            r"pip install \"sensorium\[imagebind\]\"",
        ),
    ],
)
def test_what_cannot_be_imported_says_why(
    broken: str, error: type[Exception], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an installed package as of a path: within the error tree, with what to install."""
    (tmp_path / "broken_encoder.py").write_text(broken)
    made = tmp_path / "broken_encoder-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-encoder\nVersion: 1.0\n")
    offer = "[sensorium.encoders]\nbroken = broken_encoder:open_it\n"
    (made / "entry_points.txt").write_text(offer)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("broken", "broken_encoder:open_it"):
        with pytest.raises(error, match=told):
            load_encoder(name)


@pytest.mark.parametrize("name", [None, 5, ColourEncoder()])
def test_a_name_is_a_string(name: Any) -> None:
    """Anything else is refused within the error tree, an open encoder included."""
    with pytest.raises(UnknownEncoderError, match="sensorium-mini"):
        load_encoder(name)


def test_missing_weights_say_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`imagebind-huge` without its weights names the command that fetches them."""
    monkeypatch.setenv("SENSORIUM_HOME", str(tmp_path))
    with pytest.raises(CheckpointNotFoundError, match="sensorium weights download imagebind-huge"):
        load_encoder("imagebind-huge", device="cpu")


def test_an_opener_must_be_callable() -> None:
    """Registering anything else fails at once, not at the first use."""
    with pytest.raises(UnknownEncoderError, match="opener"):
        register_encoder("nothing", None)  # type: ignore[arg-type]
