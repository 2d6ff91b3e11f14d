"""One command's work on a memory: opening it, and answering in text or JSON."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sensorium.cli.options import ENCODER, HOME, OWNER, AsJson, EncoderName, Owner, Place, ReadOnly
from sensorium.cli.terminal import print_json, waiting
from sensorium.errors import OwnerError, SpaceMismatchError, StoreFormatError, StoreLockedError

if TYPE_CHECKING:
    from sensorium.encoders import Encoder
    from sensorium.memory import Memory
    from sensorium.memory.media.store import MediaStore

IN_PROCESS = ":memory:"
MEDIA_VARIABLE = "SENSORIUM_MEDIA"  # a folder or fsspec URL, as a server has no place for media


@dataclass(frozen=True)
class Session:
    """The memory that a command works on, and how it answers.

    Attributes:
        place: Where the memory is: a folder, the URL of a server, or `":memory:"`.
        owner: Owner of the memories.
        encoder: Name of the memory's encoder.
        as_json: Answer with one JSON object instead of text.
        read_only: Only read the memory; commands that would write fail.
    """

    place: Place = HOME
    owner: Owner = OWNER
    encoder: EncoderName = ENCODER
    as_json: AsJson = False
    read_only: ReadOnly = False

    @contextmanager
    def opened(
        self, *, begin: bool = False, encodes: bool = True, enrich: Sequence[str] = ()
    ) -> Iterator[Memory]:
        """Open the memory for a `with` block.

        Args:
            begin: Make the folder if it does not exist.
            encodes: Whether the command makes vectors. A folder is opened without its encoder for
                everything else, which saves the time that loading one takes.
            enrich: Names of what finds words in what is remembered.
        Raises:
            OwnerError: The owner is blank.
            StoreFormatError: The folder does not exist or is empty, and `begin` is false.
            SensoriumError: `Memory.open` failed.
        """
        if not self.owner.strip():
            raise OwnerError("a blank --owner", "the name of an owner", "write --owner rex")
        if not begin:
            self._check_exists()
        with waiting("opening the memory"):
            from sensorium.memory import Memory

            encoder = (None if encodes else self._stored_encoder()) or self.encoder
            media = None if is_folder(self.place) else os.environ.get(MEDIA_VARIABLE)
            try:
                memory = Memory.open(
                    self.place,
                    owner=None if token_decides(self.place, self.owner) else self.owner,
                    encoder=encoder,
                    media=media,
                    read_only=self.read_only,
                    enrich=list(enrich),
                )
            except SpaceMismatchError as error:
                remedy = "name the memory's own with --encoder; see: sensorium stats"
                raise SpaceMismatchError(error.came, error.needed, remedy) from error
            except StoreLockedError as error:
                remedy = "close it there, or share one server: docs/deploy.md"
                raise StoreLockedError(error.came, error.needed, remedy) from error
        with memory:
            yield memory

    def media_store(self, owner: str | None = None) -> MediaStore | None:
        """Open the store of an owner's signals; return `None` if this place keeps no signals.

        Args:
            owner: Whose; by default those of `--owner`. Of another's, only what a record names that
                was just read.
        """
        from sensorium.memory.media.store import MediaStore
        from sensorium.memory.place import MEDIA

        root = os.environ.get(MEDIA_VARIABLE)
        if is_folder(self.place):
            root = str(Path(self.place).expanduser().absolute() / MEDIA)
        return MediaStore(root, owner=owner or self.owner) if root else None

    def answer(self, record: dict[str, Any], text: str) -> None:
        """Print the record if JSON was asked for, the text otherwise."""
        if self.as_json:
            print_json(record)
        else:
            typer.echo(text)

    def _check_exists(self) -> None:
        """Reject a missing or empty folder: probably a typo.

        Raises:
            StoreFormatError: The folder is missing or empty.
        """
        folder = Path(self.place).expanduser()
        if is_folder(self.place) and not (folder.is_dir() and any(folder.iterdir())):
            raise StoreFormatError(
                f"the place {self.place!r}, where there is no memory",
                "a folder in which something was remembered",
                "run: sensorium remember FILE, or name the folder with --memory",
            )

    def _stored_encoder(self) -> Encoder | None:
        """Return a placeholder for the encoder of the memory in a folder; elsewhere `None`."""
        folder = Path(self.place).expanduser()
        if not (is_folder(self.place) and folder.is_dir()):
            return None
        from sensorium.encoders.placeholder import NoEncoder
        from sensorium.qdrant.edge.folder import read_description

        description = read_description(folder)
        if description is None:
            return None
        schema, _ = description
        return NoEncoder(schema.space, schema.modalities)


def token_decides(place: str, owner: str) -> bool:
    """Return whether a place is a Sensorium server, and no owner was named: its token names one."""
    from sensorium.memory.elsewhere import opener_of

    return owner == OWNER and opener_of(place) is not None


def is_folder(place: str) -> bool:
    """Return whether a place is a folder, not a server or a temporary memory."""
    return "://" not in place and place != IN_PROCESS
