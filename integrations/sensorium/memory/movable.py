"""Taking a memory elsewhere: to a directory and back, to a server, to another encoder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.encoders import Encoder, load_encoder
from sensorium.memory.moving.copying import CopySummary, copy_records
from sensorium.memory.moving.exporting import (
    ExportSummary,
    ImportSummary,
    export_records,
    import_records,
)
from sensorium.memory.moving.reembedding import Reembedded, check_alone, check_complete, reembedded
from sensorium.memory.opened import OpenMemory
from sensorium.memory.place import open_place
from sensorium.memory.records import Progress
from sensorium.qdrant import CollectionSchema

if TYPE_CHECKING:
    from qdrant_client import QdrantClient


class MovableMemory(OpenMemory):
    """The part of `Memory` that takes memories elsewhere."""

    def export(self, directory: str | Path, *, progress: Progress | None = None) -> ExportSummary:
        """Write all that this owner remembers to a directory: Parquet, and the media as files.

        The layout is described in docs/schema.md. It appears when all of it is written.

        Args:
            directory: New, or empty.
            progress: Called with how many points are done, and of how many.
        Raises:
            ExportFormatError: Something is there already.
            MissingExtraError: pyarrow is not installed: `pip install "sensorium[export]"`.
        """
        return export_records(
            self._place.backend,
            self._place.media,
            owner=self.owner,
            directory=directory,
            progress=progress,
        )

    def import_(self, directory: str | Path, *, progress: Progress | None = None) -> ImportSummary:
        """Read an export into this memory; again, or after it was interrupted, does no harm.

        Args:
            directory: What `export` wrote, of this owner or another, with the same encoder.
            progress: Called with how many points are done, and of how many.
        Raises:
            ExportFormatError: Not an export, or a damaged one.
            SpaceMismatchError: It was made with another encoder.
            MissingExtraError: pyarrow is not installed: `pip install "sensorium[export]"`.
        """
        summary = import_records(
            directory,
            self._place.backend,
            self._place.media,
            owner=self.owner,
            progress=progress,
        )
        self._calibrator.forgot()
        return summary

    def promote(
        self,
        place: str | Path | QdrantClient,
        *,
        collection: str = "sensorium",
        api_key: str | None = None,
        prefer_grpc: bool = False,
        media: str | Path | None = None,
        replace: bool = False,
        progress: Progress | None = None,
    ) -> CopySummary:
        """Copy all that this owner remembers to a server, or any other place; this one stays.

        It can be interrupted and repeated: what is there already is passed over.

        Args:
            place: As for `open`.
            collection: Its name on the server; made where it is missing.
            api_key: Of the server; by default the environment variable QDRANT_API_KEY.
            prefer_grpc: Speak gRPC.
            media: Where the signals go: a folder or an fsspec URL; needed to take them to a server.
            replace: Write again what is there already.
            progress: Called with how many points are done, and of how many.
        Raises:
            SpaceMismatchError: The collection there was made by another encoder.
            StoreUnavailableError: The server cannot be reached.
        """
        target = open_place(
            place,
            self._place.backend.schema,
            owner=self.owner,
            collection=collection,
            api_key=api_key,
            prefer_grpc=prefer_grpc,
            media=media,
            keep_media=self._place.media is not None,
            media_quota=None,
        )
        try:
            return copy_records(
                self._place.backend,
                target.backend,
                owner=self.owner,
                source_media=self._place.media if target.media else None,
                target_media=target.media if self._place.media else None,
                progress=progress,
                replace=replace,
            )
        finally:
            target.close()

    def reembed(
        self,
        encoder: str | Encoder,
        *,
        drop: bool = False,
        progress: Progress | None = None,
    ) -> Reembedded:
        """Make all vectors anew with another encoder, from the signals that were kept.

        The new collection is built beside the old one, which stays in use until it is complete;
        then this memory switches to it. Cut short, it leaves the memory as it was. Recalls go on
        meanwhile; what would write waits.

        Args:
            encoder: Its name, or an encoder.
            drop: Leave out records whose signals were not kept; otherwise nothing is changed.
            progress: Called with how many records are done, and of how many.
        Raises:
            RecordError: Some records cannot be made anew.
            StoreError: Other owners' memories are in the same collection.
            UnknownEncoderError: No encoder of that name.
        """
        opened = load_encoder(encoder) if isinstance(encoder, str) else encoder
        with self._writer.lock:  # what was remembered or forgotten meanwhile would come to nothing
            old = self._place.backend
            check_alone(old, self.owner)
            schema = CollectionSchema.for_space(opened.space, modalities=opened.modalities)
            new = old.sibling(schema)
            try:
                result = reembedded(
                    old,
                    new,
                    opened,
                    owner=self.owner,
                    open_medium=self.open_medium,
                    progress=progress,
                )
                check_complete(result, drop=drop)
            except BaseException:
                new.discard()
                raise
            self._calibrator.forgot()  # its sample is of the old vectors
            self._settle(dataclasses.replace(self._place, backend=old.switch(new)), opened)
        return result
