"""An encoder as LangChain embeddings of every modality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from langchain_core.embeddings import Embeddings

from sensorium.agents.signals import Content, percepts_of
from sensorium.agents.threads import in_thread
from sensorium.encoders import Encoder
from sensorium.encoders.encoder import embed_questions
from sensorium.encoders.source import EncoderSource
from sensorium.errors import SourceTypeError
from sensorium.percepts import Percept, Text

Vectors: TypeAlias = "list[list[float]]"


class SensoriumEmbeddings(Embeddings):
    """Vectors of texts, pictures, sounds, videos, depth, heat and motion, all of one space.

    Every vector has unit length; a signal longer than one window is pooled to one vector. Each
    method encodes its whole list in one call. Methods for other modalities than text are named by
    the convention of LangChain's community; their asynchronous twins run in a thread.
    """

    def __init__(
        self,
        encoder: str | Encoder = "sensorium-mini",
        *,
        device: str = "auto",
        dtype: str = "auto",
    ) -> None:
        """Take an encoder, or the name of one, which is loaded when it is first used.

        Args:
            encoder: An encoder, or a name that `load_encoder` knows.
            device: Where to load a named one: `"auto"`, `"cpu"`, `"cuda"`, ...
            dtype: In which precision: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
        """
        self._source = EncoderSource(encoder, device=device, dtype=dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._source})"

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded now if it was not yet.

        Raises:
            UnknownEncoderError: No encoder has that name.
            WeightsError: Its weights are not on this machine; the message says how to get them.
        """
        return self._source.encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts; row i belongs to text i.

        Raises:
            SourceTypeError: A single text instead of a list, or an item that is not text.
            BatchError: Some could not be embedded; the error says which and why, and holds the
                encodings of the others.
        """
        if isinstance(texts, str):
            raise SourceTypeError("a single text", "a list of texts", "use embed_query, or [text]")
        return self.embed_percepts([Text(text) for text in texts])

    def embed_query(self, text: str) -> list[float]:
        """Embed a question: as a document, unless the encoder has its own way for questions."""
        vector: list[float] = embed_questions(self.encoder, [Text(text)])[0].tolist()
        return vector

    def embed_percepts(self, percepts: Sequence[Percept]) -> Vectors:
        """Embed percepts of any modalities; row i belongs to percept i.

        Raises:
            BatchError: Some could not be embedded.
        """
        return self.encoder.embed(percepts).tolist() if percepts else []

    def embed_image(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed pictures.

        Args:
            uris: Paths, `file:` or `data:` URIs, encoded bytes, or percepts.
            units: Refused: pictures have none.
        Raises:
            PerceptError: A picture that cannot be taken or read; http(s) URLs are never fetched.
            BatchError: Some could not be embedded.
        """
        return self.embed_percepts(percepts_of(uris, modality="image", units=units))

    def embed_audio(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed sounds; arguments and errors as `embed_image`."""
        return self.embed_percepts(percepts_of(uris, modality="audio", units=units))

    def embed_video(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed videos, without their sound; arguments and errors as `embed_image`."""
        return self.embed_percepts(percepts_of(uris, modality="video", units=units))

    def embed_depth(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed depth maps; as `embed_image`, with the units `unit=`, `fx=` and `baseline=`."""
        return self.embed_percepts(percepts_of(uris, modality="depth", units=units))

    def embed_thermal(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed thermal pictures; as `embed_image`, with `unit=`, `span=` and `palette=`."""
        return self.embed_percepts(percepts_of(uris, modality="thermal", units=units))

    def embed_imu(self, uris: Sequence[Content], **units: Any) -> Vectors:
        """Embed motions; as `embed_image`, with `accel=`, `gyro=` and perhaps `rate=`."""
        return self.embed_percepts(percepts_of(uris, modality="imu", units=units))

    aembed_percepts = in_thread(embed_percepts)
    aembed_image = in_thread(embed_image)
    aembed_audio = in_thread(embed_audio)
    aembed_video = in_thread(embed_video)
    aembed_depth = in_thread(embed_depth)
    aembed_thermal = in_thread(embed_thermal)
    aembed_imu = in_thread(embed_imu)
