"""Nodes packed for a record, and unpacked again, with nothing lost."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from llama_index.core.constants import DATA_KEY, TYPE_KEY
from llama_index.core.schema import BaseNode, ImageNode, MetadataMode
from llama_index.core.storage.docstore.utils import json_to_doc

from sensorium.errors import MediaNotFoundError, PerceptError, RecordError
from sensorium.memory import Medium, Memory, Record
from sensorium.percepts import Audio, Image, Percept, Video, percept_from_dict
from sensorium.percepts.codecs.base64_text import decode_lossless, encode_base64
from sensorium.percepts.source import Encoded

CONTENT = "_node_content"  # key of a record's metadata: its nodes, by modality
CLASS, NODE = "class", "node"  # keys of a content: name of the node's class, the node as JSON
IMAGE = "image"  # the field of an `ImageNode` that holds a picture in base64
RESOURCES: Mapping[str, type[Image | Audio | Video]] = {  # fields of a node that hold media
    "image_resource": Image,
    "audio_resource": Audio,
    "video_resource": Video,
}
PERCEPT = "percept"  # key of a document's metadata: the percept that it was made of, as JSON
MEDIUM = "medium"  # the same: words for its medium, which are its text if it has no other
OWN = "own"  # key of a content: its vectors are those of its media, not of a text
Content: TypeAlias = Mapping[str, str]
TAG = "llama_index:"  # beginning of the tags of records that are nodes
MIXED = f"{TAG}mixed"  # tag of records whose nodes differ in metadata or document

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Packed:
    """The part of a node that a record keeps.

    Attributes:
        content: Class of the node, and the node as JSON without its embedding and its media.
        metadata: Metadata of the node, as JSON.
        text: Text of the node, or `None`.
        document: Id of the document that the node is a part of, or `None`.
        percepts: Media of the node; empty if it was read from a record.
        digests: Digests of its media.
    """

    content: Content
    metadata: dict[str, Any]
    text: str | None
    document: str | None
    percepts: tuple[Percept, ...]
    digests: tuple[str, ...]


def pack(node: BaseNode, *, as_media: bool) -> Packed:
    """Pack a node for a record.

    Args:
        node: The node.
        as_media: Make percepts of its media; otherwise they stay in the content.
    Raises:
        RecordError: JSON cannot hold the metadata.
    """
    try:
        json.dumps(node.metadata, default=repr, allow_nan=False)  # pydantic would write NaN as null
        fields = node.model_dump(mode="json")
    except (TypeError, ValueError) as error:
        raise RecordError(
            f"the node {node.node_id!r} ({error})",
            "metadata of text, finite numbers, truth values, lists and dictionaries",
            "convert it",
        ) from error
    fields["embedding"] = None
    media: dict[str, str] = {}
    percepts: list[Percept] = []
    for name, data in _data(node).items():
        percept = _percept(RESOURCES.get(name, Image), data) if as_media else None
        if percept is not None:
            media[name] = percept.digest
            percepts.append(percept)
        _set_data(fields, name, data if percept is None else None)
    whole = json.dumps({TYPE_KEY: node.get_type(), DATA_KEY: fields, "media": media})
    return Packed(
        {CLASS: node.class_name(), NODE: whole},
        dict(fields["metadata"]),
        own_words(node),
        node.ref_doc_id,
        tuple(percepts),
        tuple(media.values()),
    )


def read_packed(content: Content) -> Packed:
    """Read a node from a record, without its percepts."""
    stored = json.loads(content[NODE])
    node = json_to_doc(stored)
    return Packed(
        content,
        dict(stored[DATA_KEY]["metadata"]),
        own_words(node),
        node.ref_doc_id,
        (),
        tuple(stored["media"].values()),
    )


def own_words(node: BaseNode) -> str | None:
    """Return the text of a node; `None` if it is blank, or nothing but the name of its medium."""
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    named = PERCEPT in node.metadata and text == node.metadata.get(MEDIUM)
    return text if text.strip() and not named else None


def media_of(node: BaseNode) -> list[Percept]:
    """Return the media of a node as percepts: the one it was made of, else those it has.

    What lies behind a web address is left out.

    Raises:
        PerceptError: A file is gone, has changed, or cannot be read.
    """
    made_of = _percept_fields(node)
    if made_of:
        return [percept_from_dict(made_of)]
    return [
        cls(content, uri=None if isinstance(content, bytes) else Path(content).absolute().as_uri())
        for cls, content in _contents(node).items()
    ]


def modalities_of(node: BaseNode) -> set[str]:
    """Return the modalities of `media_of`, without a look at any file."""
    made_of = _percept_fields(node)
    return {made_of["modality"]} if made_of else {cls.modality for cls in _contents(node)}


def percept_of(node: BaseNode) -> Percept | None:
    """Return the percept that `SensoriumReader` made a node's document of; `None` without one.

    Raises:
        PerceptError: Its file is gone, or has changed.
    """
    made_of = _percept_fields(node)
    return percept_from_dict(made_of) if made_of else None


def _percept_fields(node: BaseNode) -> dict[str, Any]:
    kept = node.metadata.get(PERCEPT)
    try:
        fields = json.loads(kept) if isinstance(kept, str) else None
    except ValueError:  # metadata of somebody else's
        fields = None
    return fields if isinstance(fields, dict) and "modality" in fields else {}


def _contents(node: BaseNode) -> dict[type[Image | Audio | Video], bytes | str | Path]:
    """Return what a node holds of each medium, or where its file is."""
    if isinstance(node, ImageNode):
        picture = b64decode(node.image) if node.image else node.image_path
        return {Image: picture} if picture else {}
    held = {cls: getattr(node, name, None) for name, cls in RESOURCES.items()}
    contents = {
        cls: b64decode(resource.data) if resource.data else resource.path
        for cls, resource in held.items()
        if resource is not None
    }
    return {cls: content for cls, content in contents.items() if content}


def _data(node: BaseNode) -> dict[str, str]:
    """Return the media that a node holds in base64, by field."""
    held = {name: getattr(node, name, None) for name in RESOURCES}
    data = {
        name: resource.data.decode("ascii")
        for name, resource in held.items()
        if resource and resource.data
    }
    if isinstance(node, ImageNode) and node.image:
        data[IMAGE] = node.image
    return data


def _set_data(fields: dict[str, Any], name: str, data: str | None) -> None:
    """Put base64 into a field of a node."""
    if name in RESOURCES:
        fields[name]["data"] = data
    else:
        fields[name] = data


def _percept(cls: type[Image | Audio | Video], data: str) -> Percept | None:
    """Return the percept of a medium; `None` if it cannot be read, or would not come back alike."""
    content = decode_lossless(data)
    if content is None:
        return None
    try:
        percept = cls(content)
        _ = percept.duration  # reads the header of a sound or video
    except PerceptError:
        return None
    return percept


def tag_of(modality: str) -> str:
    """Return the tag of records that are nodes of a store of one modality."""
    return TAG + modality


def own_tag_of(modality: str) -> str:
    """Return the tag of those of them that have the vectors of their media."""
    return f"{tag_of(modality)}:{OWN}"


def contents_of(record: Record) -> Mapping[str, Content]:
    """Return the nodes of a record, by modality; empty if it has none."""
    contents = record.metadata.get(CONTENT)
    return contents if isinstance(contents, Mapping) else {}


def unpack(memory: Memory, record: Record, modality: str) -> BaseNode | None:
    """Return the node of a modality as it was added; `None` if the record has none.

    Media that were not kept, are lost, or cannot be read are left out.
    """
    content = contents_of(record).get(modality)
    if content is None:
        return None
    stored = json.loads(content[NODE])
    fields = stored[DATA_KEY]
    kept = {medium.digest: medium for medium in record.media}
    for name, digest in stored["media"].items():
        data = _bytes(memory, kept.get(digest))
        if data is not None:
            _set_data(fields, name, encode_base64(data))
    return json_to_doc(stored)


def _bytes(memory: Memory, medium: Medium | None) -> bytes | None:
    if medium is None:
        return None
    try:
        percept = open_kept(memory, medium)
        return percept.source.read() if percept and isinstance(percept.source, Encoded) else None
    except PerceptError as error:
        logger.warning("sensorium: a node is left without its %s: %s", medium.modality, error)
        return None


def open_kept(memory: Memory, medium: Medium) -> Percept | None:
    """Return a medium as a percept; `None` if it was not kept, or is lost.

    Raises:
        PerceptError: The file is damaged.
    """
    try:
        return memory.open_medium(medium)
    except MediaNotFoundError:
        return None
