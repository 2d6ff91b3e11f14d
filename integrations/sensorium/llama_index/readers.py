"""Files of every modality as LlamaIndex documents."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import fsspec
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document, ImageDocument, MediaResource

from sensorium import sources
from sensorium.agents.naming import named
from sensorium.enrich.subtitles import Subtitles
from sensorium.llama_index.nodes import MEDIUM, PERCEPT, RESOURCES
from sensorium.percepts import Image, Percept, Text, Video, percept_from_media
from sensorium.percepts.locations import local_path
from sensorium.percepts.percept import modality_class
from sensorium.percepts.previews import preview
from sensorium.percepts.source import Encoded
from sensorium.sources.rules import rules_of

FAMILIES = ("image", "audio", "video")  # modalities that a name says, and whose files are no texts
RECORDINGS = (".bag", ".mcap", ".db3")
NOT_FOR_MODELS = ("modality", "uri", "reading", PERCEPT)  # keys of metadata


class SensoriumReader(BaseReader):
    """Reads pictures, sounds, videos, sensor files and recordings as documents.

    A document has the medium as its resource, and as metadata its `modality`, `at`, `place`, `uri`,
    the `description` and `keywords` that people gave it, also in a side file of a photo library,
    its `reading`, words for its `medium`, and the `percept`, of which a `SensoriumVectorStore` and
    `SensoriumEmbedding.get_document_embedding` make vectors.
    """

    def __init__(self, *, modality: str | None = None, **options: Any) -> None:
        """Read with units and other options.

        Args:
            modality: Modality of the files; by default their content and names say it.
            options: Options of `sensorium.sources.walk`: units, `rules`, `on_skip`, `on_failure`.
        Raises:
            PerceptFormatError: No such modality.
        """
        if modality is not None:
            modality_class(modality)
        self._modality = modality
        self._options = options

    @classmethod
    def file_extractor(
        cls, *, modality: str | None = None, **options: Any
    ) -> dict[str, BaseReader]:
        """Return what `SimpleDirectoryReader(folder, file_extractor=...)` takes.

        It has the ends of names of pictures, sounds, videos and recordings of robots; with a
        modality, or with units, also those of the files that have such units.

        Args:
            modality: Modality of all these files.
            options: As of the class.
        """
        reader: BaseReader = cls(modality=modality, **options)
        senses = {modality} if modality else {*FAMILIES}
        if not modality:
            senses |= {
                name
                for name, sense in Percept.modalities.items()
                if sense.guessable and options.keys() & sense.needs.keys()
            }
        ends = [end for sense in senses for end in Percept.modalities[sense].suffixes]
        return dict.fromkeys([*ends, *RECORDINGS], reader)

    def lazy_load_data(
        self,
        file: str | os.PathLike[str],
        extra_info: Mapping[str, Any] | None = None,
        fs: fsspec.AbstractFileSystem | None = None,
    ) -> Iterable[Document]:
        """Yield a document for each percept of a file, a recording or a folder.

        Args:
            file: Path.
            extra_info: Metadata of each document.
            fs: File system of the path; by default that of this machine.
        Raises:
            SourceNotFoundError: Nothing is at the path.
            MissingExtraError: The reader of the file needs an extra.
            PerceptError: A file cannot be read.
        """
        for percept in self._percepts(file, fs):
            yield _document(percept, dict(extra_info or {}))

    def load_data(
        self,
        file: str | os.PathLike[str],
        extra_info: Mapping[str, Any] | None = None,
        fs: fsspec.AbstractFileSystem | None = None,
    ) -> list[Document]:
        """Return what `lazy_load_data` yields."""
        return list(self.lazy_load_data(file, extra_info, fs))

    def _percepts(
        self, file: str | os.PathLike[str], fs: fsspec.AbstractFileSystem | None
    ) -> Iterator[Percept]:
        if fs is not None:
            return iter([self._remote(file, fs)])
        path = local_path(os.fspath(file))
        options = dict(self._options)
        if not path.is_dir():  # its folder may hold the files that other rules are for
            made = rules_of(options.get("rules", ()), origin="rules=")
            own = [
                rule
                for rule, each in zip(options.get("rules", ()), made, strict=True)
                if each.matches(path)
            ]
            options["rules"] = own
        return sources.walk(path, modality=self._modality, **options)

    def _remote(self, file: str | os.PathLike[str], fs: fsspec.AbstractFileSystem) -> Percept:
        name = os.fspath(file)
        with fs.open(name, "rb") as stream:
            content = stream.read()
        return percept_from_media(
            content,
            mime_type=mimetypes.guess_type(name)[0],
            modality=self._modality,
            units=self._options,
            uri=fs.unstrip_protocol(name),
        )


def _document(percept: Percept, about: dict[str, Any]) -> Document:
    """Return a percept as a document with its medium, or a drawing of it, as a resource."""
    about["modality"] = percept.modality
    at, place = percept.at or percept.captured, percept.place
    known = {
        "at": at and at.isoformat(),
        "uri": percept.uri,
        "place": place and f"{place.latitude}, {place.longitude}",
        "description": percept.description,
        "keywords": ", ".join(percept.keywords),
    }
    about |= {name: value for name, value in known.items() if value}
    if percept.reading:
        about["reading"] = json.dumps(percept.reading, default=str)
    if isinstance(percept, Text):
        return _hiding(Document(text=percept.text, metadata=about))
    about[PERCEPT] = json.dumps(percept.to_dict())
    words = about[MEDIUM] = named(percept.modality, percept.duration, percept.uri)
    if isinstance(
        percept, Image
    ):  # told by its metadata, as an index takes a text for a second node
        return _hiding(ImageDocument(metadata=about, image_resource=_resource(percept)))
    if isinstance(percept, Video) and percept.subtitles:
        words = "\n".join(found.text for found in Subtitles().find(percept))
    name = f"{percept.modality}_resource"
    resources: dict[str, MediaResource | None] = {"text_resource": MediaResource(text=words)}
    if name in RESOURCES:
        resources[name] = _resource(percept)
    elif shown := preview(percept):
        resources["image_resource"] = MediaResource(data=shown.data, mimetype=shown.mime)
    return _hiding(Document(metadata=about, **resources), MEDIUM)


def _resource(percept: Percept) -> MediaResource | None:
    """Return the file of a picture, a sound or a video, or samples as a file."""
    source = percept.source
    if isinstance(source, Encoded):
        mime = mimetypes.guess_type(source.path.name)[0] if source.path else None
        return MediaResource(path=source.path, data=source.data, mimetype=mime)
    file = percept.make_file()
    return MediaResource(data=file.source.read(), mimetype=file.mime) if file else None


def _hiding(document: Document, *more: str) -> Document:
    """Leave out of what is embedded and told to models what only programs use."""
    document.excluded_embed_metadata_keys += [*NOT_FOR_MODELS, "at", *more]
    document.excluded_llm_metadata_keys += [*NOT_FOR_MODELS, *more]
    return document
