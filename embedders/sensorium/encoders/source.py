"""The encoder that a caller gave, or named: loaded when it is needed, and nameable elsewhere."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any, BinaryIO, cast

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Handle, Remade
from sensorium.encoders.registry import load_encoder, registered_opener
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
        named = isinstance(self.given, str)
        key = self.given if named else _digest(cast(Encoder, self.given))
        return _arrived, (self.given, self._options, key)


_ARRIVED: dict[Any, EncoderSource] = {}  # those that came last, the latest at the end
KEPT = 2  # of them: a pool sends one with every task, and its weights are not read every time
_KEEPING = Lock()


def _arrived(given: str | Encoder, options: dict[str, str], key: str) -> EncoderSource:
    """Return what was pickled, or what came before and is the same: it may be loaded already."""
    if not isinstance(given, (str, Remade)):  # its class or its functions may have changed
        return EncoderSource(given, **options)
    # A name may have been registered anew
    whole = key, type(given), registered_opener(key), *options.values()
    with _KEEPING:
        source = _ARRIVED.pop(whole, None) or EncoderSource(given, **options)
        _ARRIVED[whole] = source
        while len(_ARRIVED) > KEPT:
            del _ARRIVED[next(iter(_ARRIVED))]
    return source


def _digest(encoder: Encoder) -> str:
    """Pickle an encoder, and return the digest of that, hex.

    Python's own error would not say what could not be pickled.

    Raises:
        EncodingError: It cannot be.
    """
    stream = _DigestStream()
    try:
        pickle.Pickler(cast(BinaryIO, stream)).dump(encoder)
    except Exception as error:  # whatever the encoder's class raises
        raise EncodingError(
            f"an encoder of type {type(encoder).__name__}, which cannot be pickled ({error})",
            "an encoder that another process can make anew",
            "register_encoder(name, opener) in every process, or write the opener into a module, "
            'and pass encoder="name" or encoder="module:opener"; or give its class __reduce__',
        ) from error
    return stream.digest.hexdigest()


class _DigestStream:
    """A file that keeps nothing of what is written to it but its digest."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return len(content)
