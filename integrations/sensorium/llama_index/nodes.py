"""Nodes as what a record keeps of them, and back, with nothing lost."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from llama_index.core.constants import DATA_KEY, TYPE_KEY
from llama_index.core.schema import BaseNode, ImageNode, MetadataMode
from llama_index.core.storage.docstore.utils import json_to_doc

from sensorium.errors import MediaNotFoundError, PerceptError, RecordError
from sensorium.memory import Medium, Memory, Record
from sensorium.percepts import Audio, Image, Percept, Video
from sensorium.percepts.source import Encoded

CONTENT = "_node_content"  # key of a record's metadata: by sense, the node that has its vector
CLASS, NODE = "class", "node"  # of which the name of its class, and the node as JSON, are said
IMAGE = "image"  # the field of an `ImageNode` that holds a picture in base64
RESOURCES: Mapping[str, type[Image | Audio | Video]] = {
    "image_resource": Image,
    "audio_resource": Audio,
    "video_resource": Video,
}
Content: TypeAlias = Mapping[str, str]
TAG = "llama_index:"  # begins the tags of records that are nodes
MIXED = f"{TAG}mixed"  # tag of those whose nodes differ in metadata or document

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Packed:
    """What a record keeps of a node.

    Attributes:
        content: Its class, and the node as JSON but for its embedding and what the percepts are.
        metadata: The node's, JSON-ready.
        text: Its words; `None` where it has none.
        document: The id of the document it is of.
        percepts: Its media; none of a node that was read again.
        digests: Of its media.
    """

    content: Content
    metadata: dict[str, Any]
    text: str | None
    document: str | None
    percepts: tuple[Percept, ...]
    digests: tuple[str, ...]


def packed(node: BaseNode, *, as_media: bool) -> Packed:
    """Take a node apart.

    Args:
        node: As it was given.
        as_media: Make percepts of its media; else they stay in the content.
    Raises:
        RecordError: Metadata that JSON cannot hold.
    """
    try:
        json.dumps(node.metadata, default=repr, allow_nan=False)  # pydantic writes NaN as null
        fields = node.model_dump(mode="json")
    except (TypeError, ValueError) as error:
        raise RecordError(
            f"the node {node.node_id!r} ({error})"[:300],
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
        _hold(fields, name, data if percept is None else None)
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    whole = json.dumps({TYPE_KEY: node.get_type(), DATA_KEY: fields, "media": media})
    return Packed(
        {CLASS: node.class_name(), NODE: whole},
        dict(fields["metadata"]),
        text if text.strip() else None,
        node.ref_doc_id,
        tuple(percepts),
        tuple(media.values()),
    )


def packed_before(content: Content) -> Packed:
    """Read again what a record keeps of a node, but for its percepts."""
    stored = json.loads(content[NODE])
    node = json_to_doc(stored)
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    return Packed(
        content,
        dict(stored[DATA_KEY]["metadata"]),
        text if text.strip() else None,
        node.ref_doc_id,
        (),
        tuple(stored["media"].values()),
    )


def _data(node: BaseNode) -> dict[str, str]:
    """Return what a node holds in base64, by the field that holds it."""
    held = {name: getattr(node, name, None) for name in RESOURCES}
    data = {name: one.data.decode("ascii") for name, one in held.items() if one and one.data}
    if isinstance(node, ImageNode) and node.image:
        data[IMAGE] = node.image
    return data


def _hold(fields: dict[str, Any], name: str, data: str | None) -> None:
    """Put what is in base64 into the field that holds it."""
    if name in RESOURCES:
        fields[name]["data"] = data
    else:
        fields[name] = data


def _percept(kind: type[Image | Audio | Video], data: str) -> Percept | None:
    """Make the percept of a medium; `None` if it is none, or would not come back the same."""
    try:
        content = base64.b64decode(data, validate=True)
        percept = kind(content)
        _ = percept.duration  # reads what is no sound or video at all
    except (PerceptError, binascii.Error):
        return None
    return percept if base64.b64encode(content).decode("ascii") == data else None


def tag_of(sense: str) -> str:
    """Return the tag of records that are nodes of a store of one sense."""
    return TAG + sense


def contents_of(record: Record) -> Mapping[str, Content]:
    """Return the nodes that a record is of, by sense; none where it never was one."""
    contents = record.metadata.get(CONTENT)
    return contents if isinstance(contents, Mapping) else {}


def unpacked(memory: Memory, record: Record, sense: str) -> BaseNode | None:
    """Put a node together again; `None` where the record is of no node that has this sense.

    Media that were not kept, are not any more, or cannot be read are left out.
    """
    content = contents_of(record).get(sense)
    if content is None:
        return None
    stored = json.loads(content[NODE])
    fields = stored[DATA_KEY]
    kept = {medium.digest: medium for medium in record.media}
    for name, digest in stored["media"].items():
        data = _bytes(memory, kept.get(digest))
        if data is not None:
            _hold(fields, name, base64.b64encode(data).decode("ascii"))
    return json_to_doc(stored)


def _bytes(memory: Memory, medium: Medium | None) -> bytes | None:
    if medium is None:
        return None
    try:
        percept = opened(memory, medium)
        return percept.source.read() if percept and isinstance(percept.source, Encoded) else None
    except PerceptError as error:
        logger.warning("sensorium: a node is left without its %s: %s", medium.modality, error)
        return None


def opened(memory: Memory, medium: Medium) -> Percept | None:
    """Return a medium as a percept; `None` where it was not kept, or is not any more.

    Raises:
        PerceptError: Its file is damaged.
    """
    try:
        return memory.open_medium(medium)
    except MediaNotFoundError:
        return None


def unshown(medium: Medium, error: PerceptError) -> str:
    """Say in a text for a model what could not be shown to it."""
    return f"[this {medium.modality} cannot be shown: {error}]"
