"""State that all parts of an open memory share: its place, encoder, owner and lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, TypeVar

from sensorium.encoders import Encoder
from sensorium.encoders.forking import Lock, mind_forks
from sensorium.encoders.source import EncoderSource
from sensorium.enrich import Enricher, Enrichers, named_enrichers
from sensorium.enrich.registry import OpenedEnrichers
from sensorium.errors import StoreClosedError
from sensorium.memory.media.store import MediaStore
from sensorium.memory.place import StorePlace, open_place
from sensorium.memory.recipe import Recipe
from sensorium.memory.records import Medium
from sensorium.memory.sharing.sharing import Sharing
from sensorium.qdrant import Backend, CollectionSchema, Condition, Equal, Filter
from sensorium.qdrant.backend import closed
from sensorium.qdrant.filters import Shared
from sensorium.qdrant.points import from_iso
from sensorium.qdrant.read_only import ReadOnlyBackend, refused
from sensorium.qdrant.schema import TENANT

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Setup:
    """A place and the encoder of the vectors in it, which are only ever exchanged together."""

    place: StorePlace
    encoder: Encoder

    @classmethod
    def open(cls, recipe: Recipe) -> Setup:
        """Open a memory's place with its encoder; `Memory.open` says what may go wrong."""
        if recipe.is_closed:
            raise closed(f"the memory {recipe.shown!r}")
        encoder = recipe.source.encoder
        schema = recipe.schema or CollectionSchema.for_space(
            encoder.space, modalities=encoder.modalities
        )
        schema.check(encoder.space, "the schema of a new collection")
        return cls(open_place(recipe, schema), encoder)

    @property
    def backend(self) -> Backend:
        """The collection of the records."""
        return self.place.backend

    @property
    def media(self) -> MediaStore | None:
        """The store of the signals; `None` where none are kept."""
        return self.place.media


class Shelf:
    """The store of one owner's records; all that writes, reads or scores them is built on it.

    Attributes:
        owner: Owner of the records.
        keep_media: Whether signals are kept unless a call says otherwise.
        enrich: What finds words in percepts unless a call says otherwise.
        sound: Whether the sounds of videos are remembered unless a call says otherwise.
        opened_enrichers: Those that were opened by their names; shelves of other owners share them.
        sharing: What the owner shares, and others share with the owner.
        setup: The place and the encoder. A call that needs both without `held` reads this once,
            so that it never searches one encoder's vectors with another's.
    """

    def __init__(
        self,
        place: StorePlace,
        encoder: Encoder,
        *,
        owner: str,
        keep_media: bool,
        enrich: Enrichers = False,
        sound: bool = True,
    ) -> None:
        """Begin with a place that is open and the encoder of its vectors."""
        self.owner = owner
        self.keep_media = keep_media
        self.enrich = enrich
        self.sound = sound
        self.opened_enrichers = OpenedEnrichers()
        self.setup = Setup(place, encoder)
        self.sharing = Sharing(place, owner)
        self._threads = Lock()  # of those of this process that write
        self._is_exclusive = False  # whether the thread that has it keeps other processes away, too
        mind_forks(self)

    def after_fork(self) -> None:
        """Be free in a forked child: who was about to write is a thread of the parent."""
        self._is_exclusive = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else write for the owner: held from reading what exists to writing.

        A thread may enter it again. An interruption (Ctrl-C) at any moment ends it: whoever calls
        this keeps nothing but the `with` block's own reference to what it returns.

        Raises:
            StoreLockedError: A process that writes for the owner does not respond.
            StoreClosedError: The memory was closed.
        """
        with self._threads:
            if self._is_exclusive:
                yield
                return
            with self.backend.exclusive(self.owner):
                self._is_exclusive = True
                try:
                    yield
                finally:
                    self._is_exclusive = False

    @property
    def place(self) -> StorePlace:
        """The place as it is now."""
        return self.setup.place

    @property
    def encoder(self) -> Encoder:
        """The encoder of the vectors as they are now."""
        return self.setup.encoder

    @property
    def backend(self) -> Backend:
        """The collection as it is now."""
        return self.setup.backend

    @property
    def media(self) -> MediaStore | None:
        """The store of the signals; `None` where none are kept."""
        return self.setup.media

    def media_for(self, keep_media: bool | None) -> MediaStore | None:
        """Return the store for a call's signals; `None` if it keeps none.

        Args:
            keep_media: The wish of the call; `None` is the default of the memory.
        """
        keep = self.keep_media if keep_media is None else keep_media
        return self.media if keep else None

    def enrichers(self, enrich: Enrichers | None) -> list[Enricher]:
        """Return what finds words in the percepts of a call, each opened once.

        Args:
            enrich: The wish of the call; `None` is the default of the memory.
        Raises:
            PerceptFormatError: It names an enricher that is not known.
            MissingExtraError: An extra that one of them needs is not installed.
            WeightsError: Weights that one of them needs are not on this machine.
        """
        wish = self.enrich if enrich is None else enrich
        return [self.opened_enrichers.named(each) for each in named_enrichers(wish)]

    def shared(self) -> tuple[Shared, ...]:
        """Return what others let the owner read now; asked again at each call."""
        return self.sharing.received()

    def readable(
        self, condition: Condition | None = None, *, now: datetime | None = None
    ) -> Filter:
        """Return the filter of the records that the owner may read, and have not expired.

        Args:
            condition: Condition that a record must fulfil, too.
            now: Time at which it must not have expired.
        """
        alive = now or datetime.now(timezone.utc)
        return Filter(self.owner, condition, alive_at=alive, shared=self.shared())

    def media_with(self, medium: Medium) -> MediaStore | None:
        """Return the store with the file of a medium: the owner's, or one of who shares it now.

        Returns:
            `None` where no media are kept. Without a share it is the owner's, whether the file is
            there or not.
        """
        media, name = self.media, getattr(medium, "file", None)
        if media is None or name is None or not (shared := self.shared()) or media.exists(name):
            return media
        now = datetime.now(timezone.utc)
        lent = Filter(self.owner, Equal("hashes", name), alive_at=now, shared=shared)
        page = self.ask(lambda setup: setup.backend.scroll(lent, limit=1, payload=[TENANT]))
        for point in page.points:
            return media.for_owner(point.payload[TENANT])
        return media

    def check_writable(self) -> None:
        """Check that the memory was not opened to be read only, before any work is done.

        Raises:
            ReadOnlyError: It was.
        """
        if isinstance(self.backend, ReadOnlyBackend):
            raise refused(self.backend.place)

    def ask(self, question: Callable[[Setup], Answer]) -> Answer:
        """Ask the place and the encoder; ask again if others took their place meanwhile.

        Raises:
            StoreClosedError: The memory was closed.
        """
        while True:
            setup = self.setup
            try:
                return question(setup)
            except StoreClosedError:
                with self.held():  # an exchange holds it until it is complete
                    if self.setup is setup:
                        raise

    def statistics(self) -> dict[str, Any]:
        """Describe the owner's records, JSON-ready; see `Memory.stats`."""
        return self.ask(self._statistics)

    def _statistics(self, setup: Setup) -> dict[str, Any]:
        alive = Filter(self.owner, alive_at=datetime.now(timezone.utc))
        backend, media = setup.backend, setup.media
        ends = [
            backend.scroll(alive, limit=1, newest_first=newest, payload=["at"]).points
            for newest in (False, True)
        ]
        first, last = (from_iso(p[0].payload["at"]).isoformat() if p else None for p in ends)
        store = backend.stats()
        return {
            "owner": self.owner,
            "records": backend.count(alive),
            "modalities": backend.facet("modalities", alive, limit=100),
            "tags": backend.facet("tags", alive, limit=20),
            "first": first,
            "last": last,
            "media_bytes": media.bytes_used() if media else None,
            "encoder": setup.encoder.space.id,
            "store": {"kind": store["kind"], "place": store["place"]},
        }

    def exchange(self, backend: Backend, source: EncoderSource) -> None:
        """Use another collection, and the encoder of its vectors, from now on."""
        with self.held():
            recipe = self.place.recipe and replace(self.place.recipe, source=source)
            place = replace(self.place, backend=backend, recipe=recipe)
            self.setup = Setup(place, source.encoder)
            self.sharing = Sharing(place, self.owner)
