"""Where a memory lives: a folder, a server, or temporary folders that end with it."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from sensorium.encoders.forking import undivided
from sensorium.errors import ReadOnlyError, StoreFormatError, show
from sensorium.memory.layout.ids import owner_key
from sensorium.memory.media.folders import absolute_root
from sensorium.memory.media.store import MediaStore
from sensorium.memory.recipe import Recipe
from sensorium.memory.temporary_folders import TemporaryFolder, remove_abandoned
from sensorium.percepts.locations import without_credentials
from sensorium.qdrant import Backend, CollectionSchema, EdgeBackend
from sensorium.qdrant.durability import remove_unfinished
from sensorium.qdrant.edge.copying import check_space, copy_memory, length_of_files
from sensorium.qdrant.edge.folder import DESCRIPTION, removed_while_open
from sensorium.qdrant.read_only import ReadOnlyBackend
from sensorium.qdrant.regular_files import (
    check_tree,
    is_regular_file,
    is_regular_folder,
    make_regular_folder,
)
from sensorium.qdrant.shared import SharedBackend
from sensorium.qdrant.shared.access import end_access, ended_with_maker
from sensorium.qdrant.system_errors import NOT_WRITABLE, translating

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

logger = logging.getLogger(__name__)

HOME = "~/.sensorium"
OWNER = "me"  # owner of the memories of adapters and of the command line unless one is named
IN_PROCESS = ":memory:"
SERVER = re.compile(r"https?://", re.IGNORECASE)
# A scheme has at least two letters: a single one is a drive of Windows.
OTHER_SERVER = re.compile(r"[a-z][a-z0-9+.-]+:/.*|[\w.@[\]:-]{2,}:\d+(/.*)?", re.IGNORECASE)
# Folders beside the shard
MEDIA, CALIBRATION, STREAMS, SHARES = "media", "calibration", "streams", "shares"

ABANDONED = 3600.0  # seconds after which nobody goes on writing a file
IN_MEMORY = Path("/dev/shm")  # a file system in RAM, on Linux
LEAST_ROOM = 2**30  # free bytes it must have; containers often have 64 MiB


class Scratch:
    """The folders of a temporary memory: vectors in RAM if there is room, signals on disk.

    Folders that killed processes left behind are removed when the next ones are made.

    Attributes:
        shard: Folder of the vectors.
        media: Folder of the signals, on disk; `None` if they are not kept.
    """

    def __init__(self, *, keep_media: bool, size: int = 0) -> None:
        """Make the folders, and remove abandoned ones.

        Args:
            keep_media: Whether signals are kept.
            size: Bytes that the vectors are known to take.
        """
        for parent in (IN_MEMORY, Path(gettempdir())):
            remove_abandoned(parent)
        vectors = TemporaryFolder(_folder_in_memory(LEAST_ROOM + size))
        signals = TemporaryFolder(None) if keep_media else None
        self._folders = [vectors, signals] if signals else [vectors]
        self.shard = str(vectors.path / "memory")
        self.media = str(signals.path / "media") if signals else None

    def remove(self) -> None:
        """Remove the folders, whoever has them open; a second call does nothing."""
        end_access(Path(self.shard))
        for folder in self._folders:
            folder.remove()


def _folder_in_memory(room: int) -> Path | None:
    """Return the file system in RAM; `None` if it is missing, full or not ours to write to."""
    try:
        roomy = shutil.disk_usage(IN_MEMORY).free >= room
    except OSError:
        return None
    return IN_MEMORY if roomy and os.access(IN_MEMORY, os.W_OK | os.X_OK) else None


@dataclass(frozen=True)
class StorePlace:
    """An open store, and the folders beside it.

    Attributes:
        backend: The collection.
        media: The store of the signals; `None` if they are not kept.
        state: Folder of what else is kept between runs; `None` on a server, or if only read.
        scratch: Folders of a temporary memory or a copy to read, removed on close.
        lent: Whether another memory closes the store.
        recipe: How another process opens it; `None` where it was not opened by one.
    """

    backend: Backend
    media: MediaStore | None
    state: Path | None
    scratch: Scratch | None = None
    lent: bool = False
    recipe: Recipe | None = None

    def for_others(self) -> Recipe:
        """Return how another process opens the place, which answers it from now on.

        Raises:
            StoreError: The place has no name that another process could know it by.
        """
        assert self.recipe is not None, "only memories that were opened are pickled"
        if isinstance(self.backend, SharedBackend):
            self.backend.listen()
        return replace(self.recipe, schema=self.backend.schema).for_others()

    def close(self) -> None:
        """Flush and release everything; a second call does nothing."""
        if self.media is not None and self.scratch is not None:
            self.media.abandon()
        elif self.media is not None:
            self.media.flush()
        if not self.lent:
            self.backend.close()
        if self.scratch is not None:
            self.scratch.remove()

    def borrowed(self, owner: str) -> StorePlace:
        """Return the same place for another owner, who leaves it open when closing it."""
        media = self.media and self.media.for_owner(owner)
        recipe = self.recipe and replace(self.recipe, owner=owner)
        return replace(self, media=media, scratch=None, lent=True, recipe=recipe)

    def media_left(self, owner: str) -> MediaStore | None:
        """Return the store of the signals, also if only an earlier opening of a folder kept any."""
        if self.media is not None or self.state is None:
            return self.media
        return MediaStore(self.state / MEDIA, owner=owner, home=self.state)

    def calibration_file(self, owner: str) -> Path | None:
        """Name the file of an owner's calibration sample; `None` without a state folder."""
        folder = self._state_folder(CALIBRATION)
        return folder and folder / f"{owner_key(owner)}.npz"

    def episodes_file(self, owner: str) -> Path | None:
        """Name the file of what was found of an owner's episodes, which goes with the sample's."""
        sample = self.calibration_file(owner)
        return sample and sample.with_name(f"{sample.name}.episodes")

    def streams_folder(self, owner: str) -> Path | None:
        """Make the folder of an owner's running statistics; `None` without a state folder.

        Raises:
            StoreFormatError: The memory's folder was removed while open.
        """
        return self._state_folder(STREAMS, owner_key(owner))

    def _state_folder(self, *names: str) -> Path | None:
        if self.state is None:
            return None
        if not self.state.is_dir():
            raise removed_while_open(self.state)
        return make_regular_folder(self.state, *names)


def place_of(given: str | Path | Sequence[str] | QdrantClient) -> str | Path | QdrantClient:
    """Return a place as a recipe holds it: several URLs of one cluster become one text.

    Raises:
        StoreFormatError: A list of anything else.
    """
    if not isinstance(given, (list, tuple)):
        return given  # type: ignore[return-value]  # what is none of these is refused when opened
    if not given or not all(isinstance(url, str) and SERVER.match(url.strip()) for url in given):
        raise StoreFormatError(
            f"{show(given)} as the place of a memory",
            "one place, or a list of the URLs of the nodes of one cluster",
            'write ["http://a:6333", "http://b:6333"]',
        )
    return ",".join(given)


def has_room_beside(place: object) -> bool:
    """Return whether signals are kept beside the vectors of a place: not on a server."""
    return isinstance(place, (str, Path)) and not SERVER.match(str(place))


def open_place(recipe: Recipe, schema: CollectionSchema) -> StorePlace:
    """Open the place of a memory; `Memory.open` describes the arguments and the errors.

    Args:
        recipe: What `Memory.open` was given.
        schema: Layout of a new collection.
    """
    if recipe.media:
        recipe = replace(recipe, media=absolute_root(str(recipe.media)))
    place = _reach(recipe, schema)
    try:
        if place.state is not None and not recipe.read_only:
            _remove_unfinished(place.state)
        place = replace(place, media=_open_media(place, recipe))
    except BaseException:
        place.close()
        raise
    if not recipe.read_only:
        return place
    shown = str(place.state) if place.state else str(place.backend.stats()["place"])
    return replace(place, backend=ReadOnlyBackend(place.backend, shown), state=None)


def _reach(recipe: Recipe, schema: CollectionSchema) -> StorePlace:
    """Open the vectors of a place of any kind."""
    if not isinstance(recipe.place, (str, Path)):
        return _reach_server(recipe, schema)
    text = _check_place(str(recipe.place))
    if text == IN_PROCESS:
        return _begin_temporary(recipe, schema)
    if recipe.maker is not None:
        return _reach_temporary(text, recipe.maker, recipe, schema)
    if SERVER.match(text):
        return _reach_server(replace(recipe, place=text), schema)
    return _reach_folder(Path(text).expanduser().absolute(), recipe, schema)


def _begin_temporary(recipe: Recipe, schema: CollectionSchema) -> StorePlace:
    """Make temporary folders, which end with this process."""
    if recipe.read_only:
        raise _nothing_to_read(IN_PROCESS)
    scratch = Scratch(keep_media=recipe.keep_media and not recipe.media)
    backend = SharedBackend.open(scratch.shard, schema=schema, maker=os.getpid())
    made = replace(
        recipe, place=scratch.shard, media=recipe.media or scratch.media, maker=os.getpid()
    )
    return StorePlace(backend, None, None, scratch, recipe=made)


def _reach_temporary(
    folder: str, maker: int, recipe: Recipe, schema: CollectionSchema
) -> StorePlace:
    """Use the temporary folders of a process that lives."""
    if not Path(folder).is_dir():
        raise ended_with_maker(maker)
    return StorePlace(
        SharedBackend.open(folder, schema=schema, maker=maker), None, None, recipe=recipe
    )


def _reach_folder(folder: Path, recipe: Recipe, schema: CollectionSchema) -> StorePlace:
    _check_links(folder, media=not recipe.media)
    if not recipe.begins and not (folder / DESCRIPTION).exists():
        raise _not_there(folder)
    recipe = replace(recipe, place=str(folder))
    if recipe.read_only:
        scratch, copy = _open_copy(folder, schema)
        return StorePlace(copy, None, folder, scratch, recipe=recipe)
    open_folder = SharedBackend.open if recipe.share else EdgeBackend.open
    with translating(NOT_WRITABLE, partial(_not_writable, folder)):
        backend = open_folder(folder, schema=schema)
    return StorePlace(backend, None, folder, recipe=recipe)


def _reach_server(recipe: Recipe, schema: CollectionSchema) -> StorePlace:
    with undivided():  # no fork while it is imported: see `load_encoder`
        from sensorium.qdrant.client.backend import ClientBackend

    backend = ClientBackend.open(
        recipe.place,  # type: ignore[arg-type]  # no Path: `_reach` made text of it
        schema=schema,
        collection=recipe.collection,
        api_key=recipe.api_key,
        prefer_grpc=recipe.prefer_grpc,
        grpc_port=recipe.grpc_port,
        timeout=recipe.timeout,
        begin=not recipe.read_only,
    )
    return StorePlace(backend, None, None, recipe=recipe)


def _open_media(place: StorePlace, recipe: Recipe) -> MediaStore | None:
    """Open the store of the signals, where they are to be kept and there is room for them."""
    assert place.recipe is not None
    beside = place.state / MEDIA if place.state else ""
    root = str(place.recipe.media or beside)
    if recipe.keep_media and not root and not recipe.read_only:
        logger.warning(
            "sensorium: the signals themselves are not kept; say where with media=, "
            'for example media="s3://bucket/media", or keep_media=False to silence this'
        )
    if not recipe.keep_media or not root:
        return None
    return MediaStore(
        root,
        owner=recipe.owner,
        quota=recipe.media_quota,
        shared=not isinstance(place.backend, (EdgeBackend, SharedBackend)),
        home=None if recipe.media else place.state,
        read_only=recipe.read_only,
    )


def _open_copy(folder: Path, schema: CollectionSchema) -> tuple[Scratch, EdgeBackend]:
    """Open a temporary copy of a folder's vectors, as they are now; `folder` is only read."""
    check_space(folder, schema)
    scratch = Scratch(keep_media=False, size=length_of_files(folder))
    try:
        copy_memory(folder, Path(scratch.shard))
        return scratch, EdgeBackend.open(scratch.shard, schema=schema)
    except BaseException:
        scratch.remove()
        raise


def _not_writable(folder: Path, error: OSError) -> ReadOnlyError:
    return ReadOnlyError(
        f"the folder {str(folder)!r}, which cannot be written ({error.strerror})",
        "a folder of which this user may read and write all files",
        "to read a memory there, open it with read_only=True (--read-only); to write, name "
        "another folder or change its permissions",
    )


def _not_there(folder: Path) -> StoreFormatError:
    return StoreFormatError(
        f"the memory {str(folder)!r}, which was pickled and is not there (any more)",
        "the folder in which it was opened, on the same machine",
        "send it to processes of one machine, before the folder is removed; several machines share "
        "one server: docs/deploy.md",
    )


def _nothing_to_read(place: str) -> StoreFormatError:
    return StoreFormatError(
        f"{place!r} to be read only, where nothing is remembered yet",
        "a folder or a server in which something was remembered",
        "name it, or leave read_only out",
    )


def _check_links(folder: Path, *, media: bool) -> None:
    """Check that no link leads out of what lies beside the vectors of a memory.

    Single media files are checked when they are opened, as there may be many.

    Args:
        folder: Folder of the memory, which may be missing.
        media: Whether its media lie in it.
    Raises:
        StoreFormatError: A link does.
    """
    for name in (CALIBRATION, STREAMS, SHARES):
        check_tree(folder / name)
    if media and is_regular_folder(folder / MEDIA):
        for path in (folder / MEDIA).iterdir():
            if path.is_symlink() or not path.is_dir():
                is_regular_file(path)


def _remove_unfinished(folder: Path) -> None:
    """Remove what killed writers left beside the vectors; what is young may be another's."""
    for place in (folder / CALIBRATION, folder / SHARES, *(folder / STREAMS).glob("*/")):
        remove_unfinished(place, older_than=ABANDONED)


def _check_place(place: str) -> str:
    """Check that a place is a folder, a URL of a server or `":memory:"`, and return it.

    Raises:
        StoreFormatError: It is blank, or looks like a server without being an http URL.
    """
    if not place.strip():
        raise StoreFormatError(
            f"{place!r} as the place of a memory",
            'a folder, the URL of a server, or ":memory:"',
            f"leave it out for {HOME}",
        )
    if place.lower().startswith("sensorium+"):
        raise StoreFormatError(
            f"{without_credentials(place)!r} as the place of a memory",
            "the address of a Sensorium server, with http or https",
            'write "sensorium+https://host"; for a folder of that name, "./" before it',
        )
    if OTHER_SERVER.fullmatch(place) and not SERVER.match(place):
        raise StoreFormatError(
            f"{without_credentials(place)!r} as the place of a memory",
            "the URL of a server with http or https, or a folder",
            'write "http://localhost:6333" (and prefer_grpc=True for gRPC), or "./" and a folder',
        )
    return place
