"""The part of the vector store that takes pictures, sounds and other signals."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.vectorstores import VectorStore

from sensorium.langchain.contents import Content

Metadatas = Sequence[Mapping[str, Any] | None]


class SignalStore(VectorStore):
    """A vector store with a method for each sense; the asynchronous ones run in a thread."""

    @abstractmethod
    def _add_signals(
        self,
        modality: str,
        uris: Sequence[Content],
        metadatas: Metadatas | None,
        ids: Sequence[str | None] | None,
        units: Mapping[str, Any],
    ) -> list[str]:
        """Add signals of one sense and return their ids."""

    def add_images(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add pictures, which are kept, each as a document without text.

        The metadata of such a document has `modality`, `uri` and `mime_type` besides those given.

        Args:
            uris: Paths, `file:` or `data:` URIs, encoded bytes, or percepts.
            metadatas: One dictionary each, or `None`.
            ids: One each; made where `None`.
            units: None; others are refused.
        Returns:
            The ids, in order.
        Raises:
            PerceptError: One that cannot be taken; nothing is added then.
            BatchError: Some could not be embedded or kept; the others are in the store.
            UnsupportedModalityError: The store's embeddings do not take this sense.
        """
        return self._add_signals("image", uris, metadatas, ids, units)

    def add_audio(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add sounds; arguments and errors as `add_images`."""
        return self._add_signals("audio", uris, metadatas, ids, units)

    def add_video(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add videos; arguments and errors as `add_images`."""
        return self._add_signals("video", uris, metadatas, ids, units)

    def add_depth(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add depth maps; as `add_images`, with the units `unit=`, `fx=` and `baseline=`."""
        return self._add_signals("depth", uris, metadatas, ids, units)

    def add_thermal(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add thermal pictures; as `add_images`, with `unit=`, `span=` and `palette=`."""
        return self._add_signals("thermal", uris, metadatas, ids, units)

    def add_imu(
        self,
        uris: Sequence[Content],
        metadatas: Metadatas | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **units: Any,
    ) -> list[str]:
        """Add motions; as `add_images`, with `accel=`, `gyro=` and perhaps `rate=`."""
        return self._add_signals("imu", uris, metadatas, ids, units)

    async def aadd_images(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add pictures in a thread; as `add_images`."""
        return await asyncio.to_thread(self.add_images, uris, metadatas, **named)

    async def aadd_audio(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add sounds in a thread; as `add_images`."""
        return await asyncio.to_thread(self.add_audio, uris, metadatas, **named)

    async def aadd_video(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add videos in a thread; as `add_images`."""
        return await asyncio.to_thread(self.add_video, uris, metadatas, **named)

    async def aadd_depth(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add depth maps in a thread; as `add_depth`."""
        return await asyncio.to_thread(self.add_depth, uris, metadatas, **named)

    async def aadd_thermal(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add thermal pictures in a thread; as `add_thermal`."""
        return await asyncio.to_thread(self.add_thermal, uris, metadatas, **named)

    async def aadd_imu(
        self, uris: Sequence[Content], metadatas: Metadatas | None = None, **named: Any
    ) -> list[str]:
        """Add motions in a thread; as `add_imu`."""
        return await asyncio.to_thread(self.add_imu, uris, metadatas, **named)
