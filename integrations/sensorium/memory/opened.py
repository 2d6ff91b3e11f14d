"""A memory that is open: where it is, whose, with which encoder; and how it is closed."""

from __future__ import annotations

import weakref
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from sensorium.encoders import Encoder, load_encoder
from sensorium.errors import MediaNotFoundError, StreamError, UnknownEncoderError
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.closing import Closing
from sensorium.memory.place import CALIBRATION, HOME, Place, open_place
from sensorium.memory.recalling.recaller import Recaller
from sensorium.memory.records import Hit, Medium, Record
from sensorium.memory.streams import Stream
from sensorium.memory.writing.editor import Editor
from sensorium.memory.writing.writer import Writer
from sensorium.percepts import Percept, Text
from sensorium.percepts.files import reopened
from sensorium.qdrant import Backend, CollectionSchema, Filter
from sensorium.qdrant.filters import check_owner
from sensorium.qdrant.points import from_iso

if TYPE_CHECKING:
    from qdrant_client import QdrantClient


OWNER = "me"  # whose memories they are where nobody says: for adapters, as on the command line


class OpenMemory(Closing):
    """The part of `Memory` that holds its place, its owner and its encoder."""

    def __init__(self, place: Place, encoder: Encoder, *, owner: str, keep_media: bool) -> None:
        """Use `Memory.open`."""
        self.owner = owner
        self._keep_media = keep_media
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._writer = Writer(place.backend, encoder, place.media, owner=owner)
        self._editor = Editor(place.backend, place.media, self._writer, owner=owner)
        self._settle(place, encoder)

    def _settle(self, place: Place, encoder: Encoder) -> None:
        """Use a place and an encoder from now on, in the middle of other threads' work, too."""
        owner = self.owner
        self.encoder = encoder
        self._place = place
        self._backend = place.backend
        self._writer.move(place.backend, encoder)
        self._editor.move(place.backend)
        self._recaller = Recaller(place.backend, owner=owner)
        self._calibrator = Calibrator(
            self._backend,
            owner=owner,
            background=encoder.background,
            file=place.file(CALIBRATION, owner, ".npz"),
        )

    @classmethod
    def open(
        cls,
        place: str | Path | QdrantClient = HOME,
        *,
        owner: str,
        encoder: str | Encoder = "sensorium-mini",
        keep_media: bool = True,
        media: str | Path | None = None,
        media_quota: int | None = None,
        collection: str = "sensorium",
        api_key: str | None = None,
        prefer_grpc: bool = False,
        schema: CollectionSchema | None = None,
    ) -> Self:
        """Open a memory, or begin one.

        Args:
            place: A folder (Qdrant Edge, in this process), the URL of a Qdrant server, any
                `QdrantClient`, or `":memory:"`, a folder that ends with the memory: its vectors
                stay in memory where there is room (Linux), its media lie on disk.
            owner: Whose memories: nobody else's are read, counted, changed or removed.
            encoder: Its name, or an encoder; that of the memory if there is one.
            keep_media: Keep the signals themselves, not only their vectors.
            media: A folder or fsspec URL for them; by default beside the memory. A server has no
                such place: without `media` the signals are not kept there.
            media_quota: Bytes of media this owner may keep.
            collection: Its name on a server.
            api_key: Of a server; by default the environment variable QDRANT_API_KEY.
            prefer_grpc: Speak gRPC to a server.
            schema: How a new collection is laid out; by default all the encoder's modalities.
        Raises:
            OwnerError: No owner.
            SpaceMismatchError: The memory was made by another encoder.
            StoreLockedError: Somebody else has the folder open.
            StoreUnavailableError: The server cannot be reached.
            StoreError: Damaged, or of another version.
            UnknownEncoderError: No encoder of that name.
        """
        check_owner(owner)
        opened = load_encoder(encoder) if isinstance(encoder, str) else check_encoder(encoder)
        if schema is None:
            schema = CollectionSchema.for_space(opened.space, modalities=opened.modalities)
        schema.check(opened.space, "the schema of a new collection")
        where = open_place(
            place,
            schema,
            owner=owner,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            media=media,
            keep_media=keep_media,
            media_quota=media_quota,
        )
        return cls(where, opened, owner=owner, keep_media=keep_media)

    def for_owner(self, owner: str) -> Self:
        """Open another owner's memories in the same place, which this memory keeps open.

        Args:
            owner: Whose.
        Returns:
            A memory to be closed before this one; only its streams end with it.
        Raises:
            OwnerError: No owner.
        """
        return type(self)(
            self._place.borrowed(check_owner(owner)),
            self.encoder,
            owner=owner,
            keep_media=self._keep_media,
        )

    def __repr__(self) -> str:
        return f"Memory({self._backend!r}, owner={self.owner!r})"

    @property
    def backend(self) -> Backend:
        """The store, for what this class does not offer."""
        return self._backend

    @property
    def keeps_media(self) -> bool:
        """Whether the signals themselves are kept, unless a call says otherwise."""
        return self._keep_media and self._place.media is not None

    def stats(self) -> dict[str, Any]:
        """Describe this owner's memories, JSON-ready: how many of each sense, since when, where.

        What all owners have together, as points and bytes, is `memory.backend.stats()`.
        """
        mine = Filter(self.owner, alive_at=datetime.now(timezone.utc))
        ends = [
            self._backend.scroll(mine, limit=1, newest_first=newest, payload=["at"]).points
            for newest in (False, True)
        ]
        first, last = (from_iso(p[0].payload["at"]).isoformat() if p else None for p in ends)
        media, store = self._place.media, self._backend.stats()
        return {
            "owner": self.owner,
            "records": self._backend.count(mine),
            "modalities": self._backend.facet("modalities", mine, limit=100),
            "tags": self._backend.facet("tags", mine, limit=20),
            "first": first,
            "last": last,
            "media_bytes": media.bytes_used() if media else None,
            "encoder": self.encoder.space.id,
            "store": {"kind": store["kind"], "place": store["place"]},
        }

    def percepts(self, record: Record | Hit) -> list[Percept]:
        """Open the signals of a record again: its text, and each medium that was kept.

        Raises:
            MediaNotFoundError: Nothing of it was kept, or not any more.
        """
        record = record.record if isinstance(record, Hit) else record
        texts: list[Percept] = [Text(record.text, at=record.at)] if record.text else []
        kept = [self.open_medium(medium) for medium in record.media if medium.file]
        if not texts and not kept:
            raise MediaNotFoundError(
                f"the record {record.id}, of which no signal was kept",
                "a record remembered with keep_media",
                "forget it, then remember it with keep_media=True",
            )
        return [*texts, *kept]

    def open_medium(self, medium: Medium) -> Percept:
        """Open one kept percept of a record of this owner.

        Raises:
            MediaNotFoundError: It was not kept, or is not kept any more.
        """
        if medium.file is None or self._place.media is None:
            raise MediaNotFoundError(
                f"a {medium.modality} that was not kept", "one with a file", "see Medium.file"
            )
        path = self._place.media.path(medium.file)
        content = path if path is not None else self._place.media.read(medium.file)
        at = from_iso(medium.at) if medium.at else None
        return reopened(
            content, modality=medium.modality, units=medium.units, at=at, uri=medium.uri
        )

    def flush(self) -> None:
        """Make all that was remembered safe against loss of power; see also docs/memory.md."""
        if self._place.media is not None:
            self._place.media.flush()
        self._backend.flush()

    def compact(self) -> bool:
        """Index what is not indexed yet, for faster recalls; say whether there was anything.

        May take a minute for 50,000 memories. Other threads can work meanwhile, but wait when they
        use this memory.
        """
        return self._backend.compact()

    def close(self) -> None:
        """Close what streams are open, flush and release the store; again, nothing happens.

        Raises:
            StreamError: The last windows of a stream could not be remembered; all is closed.
        """
        failure: StreamError | None = None
        for stream in list(self._streams):
            try:
                stream.close()
            except StreamError as error:
                failure = failure or error
        self._place.close()
        if failure is not None:
            raise failure


def check_encoder(encoder: object) -> Encoder:
    """Return an encoder as given.

    Raises:
        UnknownEncoderError: It is none.
    """
    if isinstance(encoder, Encoder):
        return encoder
    raise UnknownEncoderError(
        f"a {type(encoder).__name__} as an encoder",
        "the name of one, or an object with space, modalities and encode",
        "wrap functions in sensorium.encoders.FunctionEncoder",
    )
