"""The recipe of a memory, by which it is opened: here and now, or later in another process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from sensorium.encoders.forking import Lock
from sensorium.encoders.handles import Handle
from sensorium.encoders.source import EncoderSource
from sensorium.enrich import Enrichers
from sensorium.errors import StoreError
from sensorium.percepts.locations import without_credentials
from sensorium.qdrant import CollectionSchema

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

M = TypeVar("M", bound="Reopening")


@dataclass(frozen=True)
class Recipe:
    """What `Memory.open` was given, which describes most of it.

    It holds names and numbers, and never what is open: so it can be pickled. The API key
    or token is among them if the caller passed one, as another process needs it; it is never shown.

    Attributes:
        place: Folder, URL, several with commas between, or client; of a temporary memory the folder
            of its vectors, once made.
        owner: Owner of the memories.
        source: The encoder, or its name.
        schema: Layout of a new collection; `None` for the one that fits the encoder.
        collection: Name of the collection on a server.
        api_key: Key of the server, if the caller passed one.
        token: Token of a Sensorium server, if the caller passed one.
        prefer_grpc: Whether the server is asked by gRPC.
        grpc_port: Port of gRPC; one for all nodes of a cluster, or one for each.
        timeout: Seconds for which a call of a server is tried.
        media: Folder or fsspec URL of the signals; `None` for beside the memory.
        keep_media: Whether signals are kept unless a call says otherwise.
        enrich: What finds words in percepts unless a call says otherwise.
        sound: Whether the sounds of videos are remembered unless a call says otherwise.
        media_quota: Bytes that the signals may take at most.
        read_only: Whether nothing may be written.
        share: Whether other processes may have the folder open.
        maker: Process in whose temporary folders the memory is; `None` if the place lasts.
        begins: Whether a memory that is not there is begun.
        is_closed: Whether it was closed before it was ever opened.
    """

    place: str | Path | QdrantClient
    owner: str
    source: EncoderSource
    schema: CollectionSchema | None = None
    collection: str = "sensorium"
    api_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    prefer_grpc: bool = False
    grpc_port: int | Sequence[int] = 6334
    timeout: float = 30.0
    media: str | Path | None = field(default=None, repr=False)  # a URL may hold a key
    keep_media: bool = True
    enrich: Enrichers = False
    sound: bool = True
    media_quota: int | None = None
    read_only: bool = False
    share: bool = True
    maker: int | None = None
    begins: bool = True
    is_closed: bool = False

    @property
    def shown(self) -> str:
        """The place as it may be shown."""
        return without_credentials(str(self.place))

    def for_others(self) -> Recipe:
        """Return what is pickled: a memory to be opened where it is, open or closed here.

        Raises:
            StoreError: The place has no name that another process could know it by.
        """
        if not isinstance(self.place, str):
            raise StoreError(
                "a memory in a QdrantClient of this process, to be pickled",
                "a place that other processes can reach by its name",
                "open it by the URL of the server: Memory.open(url, api_key=...)",
            )
        return replace(self, begins=False, is_closed=False)


class Reopening(Handle, ABC):
    """An object that is pickled as its recipe, and opened when it is first used after that.

    Until then nothing is read or asked, so that what fails does so where it can be told: in the
    work of another process, and not while that process receives it.
    """

    _parts: ClassVar[frozenset[str]]  # attributes that are there as soon as it is open
    _unopened: Recipe | None = None
    _opening: Lock  # held while it is opened, or closed before that

    @abstractmethod
    def _recipe(self) -> Recipe:
        """Return the recipe of what is open."""

    @abstractmethod
    def _open(self, recipe: Recipe) -> None:
        """Open it by a recipe."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (type(self), (self._unopened or self._recipe()).for_others())

    def _close_unopened(self) -> bool:
        """Close it if it was never opened; return whether it is closed by that."""
        if self._unopened is None:
            return False
        with self._opening:
            if self._unopened is not None:
                self._unopened = replace(self._unopened, is_closed=True)
            return self._unopened is not None

    if not TYPE_CHECKING:  # a checker would take every name for that of an attribute

        def __getattr__(self, name):
            if name not in self._parts or self._unopened is None:
                said = f"{type(self).__name__!r} object has no attribute {name!r}"
                raise AttributeError(said, name=name, obj=self)
            with self._opening:
                if self._unopened is not None:
                    self._open(self._unopened)
                    self._unopened = None
            return getattr(self, name)


def _arrived(kind: type[M], recipe: Recipe) -> M:
    """Return an object that was pickled, to be opened when it is used."""
    one = kind.__new__(kind)
    one._unopened = recipe
    one._opening = Lock()
    return one
