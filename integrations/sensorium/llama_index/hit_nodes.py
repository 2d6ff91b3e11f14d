"""Hits as nodes: records that were added as nodes, and all others."""

from __future__ import annotations

from typing import Any

from llama_index.core.schema import BaseNode, ImageNode, MediaResource, Node, TextNode

from sensorium.agents.showing import unshown
from sensorium.errors import PerceptError
from sensorium.llama_index.nodes import RESOURCES, TAG, contents_of, open_kept, unpack
from sensorium.memory import Hit, Medium, Memory
from sensorium.percepts import Span, Text
from sensorium.percepts.previews import preview
from sensorium.percepts.source import Encoded

PICTURE = "image_resource"
NOT_FOR_MODELS = ("modality", "span", "uri", "mime_type", "confidence")  # keys of metadata


def node_of(memory: Memory, hit: Hit) -> BaseNode:
    """Return a hit as a node: as it was added, if it was a node, or made of its record.

    A text becomes a `TextNode`, a picture an `ImageNode`, and a record with sound or video a
    `Node`. Media that a node has no resource for, such as depth, become pictures. The metadata
    describe the hit.
    """
    record = hit.record
    modalities = (hit.modality, *contents_of(record))
    nodes = (unpack(memory, record, modality) for modality in modalities)
    node = next((node for node in nodes if node is not None), None)
    if node is None:
        node = _made(memory, hit)
    about = _description(hit)
    node.metadata = {**node.metadata, **about}
    node.excluded_embed_metadata_keys = [*node.excluded_embed_metadata_keys, *about]
    node.excluded_llm_metadata_keys = [*node.excluded_llm_metadata_keys, *NOT_FOR_MODELS]
    return node


def _description(hit: Hit) -> dict[str, Any]:
    """Describe a hit as metadata; what is unknown is left out."""
    medium = hit.medium
    about = {
        "modality": hit.modality,
        "span": [hit.span.start, hit.span.end] if hit.span else None,
        "uri": medium.uri if medium else None,
        "mime_type": medium.mime if medium else None,
        "confidence": hit.confidence,
        "at": hit.record.at.isoformat(),
        "tags": [tag for tag in hit.record.tags if not tag.startswith(TAG)] or None,
        "source": hit.record.source,
        "finding": hit.finding.to_dict() if hit.finding else None,
    }
    return {name: value for name, value in about.items() if value is not None}


def _made(memory: Memory, hit: Hit) -> BaseNode:
    record = hit.record
    found, unread = _resources(memory, hit)
    words = record.text or (hit.finding.text if hit.finding else "")
    text = "\n".join([words, *unread] if words else unread)
    fields = {"id_": record.id, "metadata": dict(record.metadata)}
    if not found:
        return TextNode.model_validate({**fields, "text": text})
    if found.keys() > {PICTURE} or PICTURE not in found:
        said = MediaResource(text=text) if text else None
        return Node.model_validate({**fields, "text_resource": said, **found})
    picture = found[PICTURE]
    return ImageNode(
        **fields,
        text=text,
        image=picture.data.decode("ascii") if picture.data else None,
        image_path=str(picture.path) if picture.path else None,
        image_mimetype=picture.mimetype,
    )


def _resources(memory: Memory, hit: Hit) -> tuple[dict[str, MediaResource], list[str]]:
    """Return one medium for each field of a node, the one that matched before others.

    Returns:
        The media by field, and a remark for each medium that cannot be read.
    """
    found: dict[str, MediaResource] = {}
    unread: list[str] = []
    for medium in sorted(hit.record.media, key=lambda medium: medium != hit.medium):
        own = f"{medium.modality}_resource"
        name = own if own in RESOURCES else PICTURE
        is_beside = medium.of is not None and medium != hit.medium  # its video is there
        if name not in found and medium.modality != Text.modality and not is_beside:
            try:
                resource = _resource(memory, medium, hit.span if medium == hit.medium else None)
            except PerceptError as error:
                unread.append(unshown(medium, error))
            else:
                found |= {name: resource} if resource else {}
    return found, unread


def _resource(memory: Memory, medium: Medium, span: Span | None) -> MediaResource | None:
    """Return a kept medium as a resource: its file, its bytes, or a picture of it."""
    percept = open_kept(memory, medium)
    if percept is None:
        return None
    source = percept.source
    if isinstance(source, Encoded) and f"{medium.modality}_resource" in RESOURCES:
        return MediaResource(path=source.path, data=source.data, mimetype=medium.mime)
    shown = preview(percept, span=span)
    return MediaResource(data=shown.data, mimetype=shown.mime) if shown else None
