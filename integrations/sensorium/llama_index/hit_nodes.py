"""Hits as nodes: records that were added as nodes, and all others."""

from __future__ import annotations

from typing import Any

from llama_index.core.schema import BaseNode, ImageNode, MediaResource, Node, TextNode

from sensorium.llama_index.nodes import TAG, contents_of
from sensorium.llama_index.resources import (
    PICTURE,
    STRETCH,
    Media,
    resources_of,
    stored_node,
    words_of,
)
from sensorium.memory import Hit, Memory

NOT_FOR_MODELS = ("modality", "span", "uri", "mime_type", "confidence")  # keys of metadata


def node_of(memory: Memory, hit: Hit, media: Media = STRETCH) -> BaseNode:
    """Return a hit as a node: as it was added, if it was a node, or made of its record.

    A text becomes a `TextNode`, a picture an `ImageNode`, and a record with sound or video a
    `Node`. Media that a node has no resource for, such as depth, become pictures. Every node has
    words, for engines that pass on nothing else. The metadata describe the hit.

    Args:
        memory: Memory that was asked.
        hit: The hit.
        media: Of a sound, `"stretch"`, what matched of it, or `"whole"`, its file.
    """
    record = hit.record
    modalities = (hit.modality, *contents_of(record))
    nodes = (stored_node(memory, record, modality, hit) for modality in modalities)
    node = next((node for node in nodes if node is not None), None)
    if node is None:
        node = _made(memory, hit, media)
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
        "certainty": hit.certainty,
        "at": hit.record.at.isoformat(),
        "tags": [tag for tag in hit.record.tags if not tag.startswith(TAG)] or None,
        "source": hit.record.source,
        "origin": hit.record.origin,
        "shared_by": hit.record.owner if hit.record.shared else None,
        "finding": hit.finding.to_dict() if hit.finding else None,
    }
    return {name: value for name, value in about.items() if value is not None}


def _made(memory: Memory, hit: Hit, media: Media) -> BaseNode:
    record = hit.record
    found, unread = resources_of(memory, record, hit, media)
    said = record.text or (hit.finding.text if hit.finding else "")
    text = "\n".join([said, *unread] if said else unread) or words_of(record, hit)
    fields = {"id_": record.id, "metadata": dict(record.metadata)}
    if not found:
        return TextNode.model_validate({**fields, "text": text})
    if found.keys() > {PICTURE} or PICTURE not in found:
        words = MediaResource(text=text)
        return Node.model_validate({**fields, "text_resource": words, **found})
    picture = found[PICTURE]
    return ImageNode(
        **fields,
        text=text,
        image=picture.data.decode("ascii") if picture.data else None,
        image_path=str(picture.path) if picture.path else None,
        image_mimetype=picture.mimetype,
    )
