"""The encoder that a caller gave, or named: loaded when it is needed, and nameable elsewhere."""

from __future__ import annotations

import pickle
from typing import Any, BinaryIO, cast

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Handle
from sensorium.encoders.registry import load_encoder
from sensorium.errors import EncodingError, UnknownEncoderError


class EncoderSource(Handle):
    """An encoder, or the name of one that is loaded when it is first asked for.

    It is pickled as it was given: a name is loaded by whoever unpickles it, an encoder is pickled
    in its own way. Sensorium's own encoders are made anew from what they were opened with, and
    their weights are read from their files again.

    Attributes:
        given: The encoder, or its name.
    """

    def __init__(self, given: str | Encoder, *, device: str = "auto", dtype: str = "auto") -> None:
        """Take an encoder or a name.

        Args:
            given: The encoder, or a name that `load_encoder` knows.
            device: Where to load a named one.
            dtype: In which precision to load a named one.
        Raises:
            UnknownEncoderError: Neither an encoder nor the name of one.
        """
        if not isinstance(given, (str, Encoder)):
            raise UnknownEncoderError(
                f"an encoder of type {type(given).__name__}",
                "the name of one, or an object with space, modalities and encode",
                "wrap functions in sensorium.encoders.FunctionEncoder",
            )
        self.given = given
        self._options = {"device": device, "dtype": dtype}
        self._loaded = None if isinstance(given, str) else given
        self._loading = Lock()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded now if it was not yet.

        Raises:
            UnknownEncoderError: No encoder has that name.
            WeightsError: Its weights are not on this machine; the message says how to get them.
        """
        with self._loading:
            if self._loaded is None:
                self._loaded = load_encoder(cast(str, self.given), **self._options)
            return self._loaded

    def __repr__(self) -> str:
        return repr(self.given if isinstance(self.given, str) else self.given.space.id)

    def __reduce__(self) -> tuple[Any, ...]:
        if not isinstance(self.given, str):
            _check_picklable(self.given)
        return _source, (self.given, self._options)


def _source(given: str | Encoder, options: dict[str, str]) -> EncoderSource:
    return EncoderSource(given, **options)


def _check_picklable(encoder: Encoder) -> None:
    """Check that an encoder can be pickled; Python's own error would not say what could not.

    Raises:
        EncodingError: It cannot be.
    """
    try:
        pickle.Pickler(cast(BinaryIO, _Nowhere())).dump(encoder)
    except Exception as error:  # whatever the encoder's class raises
        raise EncodingError(
            f"an encoder of type {type(encoder).__name__}, which cannot be pickled ({error})",
            "an encoder that another process can make anew",
            "register_encoder(name, opener) in every process, or write the opener into a module, "
            'and pass encoder="name" or encoder="module:opener"; or give its class __reduce__',
        ) from error


class _Nowhere:
    """A file that keeps nothing of what is written to it."""

    def write(self, content: bytes) -> int:
        return len(content)
