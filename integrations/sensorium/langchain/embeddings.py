"""An encoder as LangChain embeddings: texts, and all other senses by the community's convention."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Lock
from typing import Any

from langchain_core.embeddings import Embeddings

from sensorium.encoders import Encoder, load_encoder
from sensorium.errors import SourceTypeError
from sensorium.langchain.contents import Content, percepts_of
from sensorium.percepts import Percept, Text


class SensoriumEmbeddings(Embeddings):
    """Vectors of texts, pictures, sounds, videos, depth, heat and motion, all of one space.

    Every vector has unit length; what is longer than one window is pooled to one vector. Each
    method encodes its whole list in one call; the asynchronous ones do so in a thread.
    """

    def __init__(
        self,
        encoder: str | Encoder = "sensorium-mini",
        *,
        device: str = "auto",
        dtype: str = "auto",
    ) -> None:
        """Name an encoder, which is loaded when it is first used, or give one.

        Args:
            encoder: A name that `load_encoder` knows, or an encoder.
            device: Where to load a named one: `"auto"`, `"cpu"`, `"cuda"`, ...
            dtype: In which precision: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
        """
        self._named = encoder
        self._options = {"device": device, "dtype": dtype}
        self._loaded = None if isinstance(encoder, str) else encoder
        self._loading = Lock()

    def __repr__(self) -> str:
        name = self._named if isinstance(self._named, str) else self._named.space.id
        return f"{type(self).__name__}({name!r})"

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded now if it was not yet.

        Raises:
            UnknownEncoderError: No encoder of that name.
            WeightsError: Its weights are not on this machine; the message says how to get them.
        """
        with self._loading:
            if self._loaded is None:
                assert isinstance(self._named, str)
                self._loaded = load_encoder(self._named, **self._options)
            return self._loaded

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts; row i belongs to text i.

        Raises:
            SourceTypeError: A single text instead of a list, or something that is no text.
            BatchError: Some could not be embedded: which and why, and the others' encodings.
        """
        if isinstance(texts, str):
            raise SourceTypeError("a single text", "a list of texts", "use embed_query, or [text]")
        return self._vectors([Text(text) for text in texts])

    def embed_query(self, text: str) -> list[float]:
        """Embed a question, in the same way as a document."""
        return self.embed_documents([text])[0]

    def embed_image(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed pictures.

        Args:
            uris: Paths, `file:` or `data:` URIs, encoded bytes, or percepts.
            units: None; others are refused.
        Raises:
            PerceptError: One that cannot be taken or read; http(s) URLs are never fetched.
            BatchError: Some could not be embedded.
        """
        return self._signals("image", uris, units)

    def embed_audio(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed sounds; arguments and errors as `embed_image`."""
        return self._signals("audio", uris, units)

    def embed_video(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed videos, without their sound; arguments and errors as `embed_image`."""
        return self._signals("video", uris, units)

    def embed_depth(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed depth maps; as `embed_image`, with the units `unit=`, `fx=` and `baseline=`."""
        return self._signals("depth", uris, units)

    def embed_thermal(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed thermal pictures; as `embed_image`, with `unit=`, `span=` and `palette=`."""
        return self._signals("thermal", uris, units)

    def embed_imu(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed motions; as `embed_image`, with `accel=`, `gyro=` and perhaps `rate=`."""
        return self._signals("imu", uris, units)

    async def aembed_image(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed pictures in a thread."""
        return await asyncio.to_thread(self.embed_image, uris, **units)

    async def aembed_audio(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed sounds in a thread."""
        return await asyncio.to_thread(self.embed_audio, uris, **units)

    async def aembed_video(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed videos in a thread."""
        return await asyncio.to_thread(self.embed_video, uris, **units)

    async def aembed_depth(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed depth maps in a thread."""
        return await asyncio.to_thread(self.embed_depth, uris, **units)

    async def aembed_thermal(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed thermal pictures in a thread."""
        return await asyncio.to_thread(self.embed_thermal, uris, **units)

    async def aembed_imu(self, uris: Sequence[Content], **units: Any) -> list[list[float]]:
        """Embed motions in a thread."""
        return await asyncio.to_thread(self.embed_imu, uris, **units)

    def _signals(
        self, modality: str, contents: Sequence[Content], units: dict[str, Any]
    ) -> list[list[float]]:
        return self._vectors(percepts_of(contents, modality=modality, units=units))

    def _vectors(self, percepts: Sequence[Percept]) -> list[list[float]]:
        if not percepts:
            return []
        vectors: list[list[float]] = self.encoder.embed(percepts).tolist()
        return vectors
