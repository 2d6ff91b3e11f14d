"""What a memory recalls, as nodes: those that were added as nodes, and all else."""

from __future__ import annotations

from typing import Any

from llama_index.core.schema import BaseNode, ImageNode, MediaResource, Node, TextNode

from sensorium.errors import PerceptError
from sensorium.llama_index.nodes import RESOURCES, TAG, contents_of, opened, unpacked, unshown
from sensorium.memory import Hit, Medium, Memory
from sensorium.percepts import Span
from sensorium.percepts.previews import preview
from sensorium.percepts.source import Encoded

PICTURE = "image_resource"
ABOUT_THE_MATCH = ("modality", "span", "uri", "mime_type", "confidence")  # no model reads these
SHOWN_AS_PICTURE = frozenset({"depth", "thermal", "imu"})  # which no node has a resource for


def node_of(memory: Memory, hit: Hit) -> BaseNode:
    """Return a hit as a node: as it was added, if it was one, else as what its record holds.

    A text becomes a `TextNode`, a picture an `ImageNode`, and what has sound or video a `Node`;
    depth, heat and motion are shown as pictures. What is known of the hit is in the metadata.
    """
    record = hit.record
    nodes = (unpacked(memory, record, sense) for sense in (hit.modality, *contents_of(record)))
    node = next((node for node in nodes if node is not None), None)
    if node is None:
        node = _described(memory, hit)
    said = _said(hit)
    node.metadata = {**node.metadata, **said}
    node.excluded_embed_metadata_keys = [*node.excluded_embed_metadata_keys, *said]
    node.excluded_llm_metadata_keys = [*node.excluded_llm_metadata_keys, *ABOUT_THE_MATCH]
    return node


def _said(hit: Hit) -> dict[str, Any]:
    """Return what is known of a hit, as metadata; what is not known is left out."""
    medium = hit.medium
    said = {
        "modality": hit.modality,
        "span": [hit.span.start, hit.span.end] if hit.span else None,
        "uri": medium.uri if medium else None,
        "mime_type": medium.mime if medium else None,
        "confidence": hit.confidence,
        "at": hit.record.at.isoformat(),
        "tags": [tag for tag in hit.record.tags if not tag.startswith(TAG)] or None,
        "source": hit.record.source,
    }
    return {name: value for name, value in said.items() if value is not None}


def _described(memory: Memory, hit: Hit) -> BaseNode:
    record = hit.record
    found, unread = _resources(memory, hit)
    text = "\n".join([record.text, *unread] if record.text else unread)
    fields = {"id_": record.id, "metadata": dict(record.metadata)}
    if not found:
        return TextNode.model_validate({**fields, "text": text})
    if found.keys() > {PICTURE} or PICTURE not in found:
        words = MediaResource(text=text) if text else None
        return Node.model_validate({**fields, "text_resource": words, **found})
    picture = found[PICTURE]
    return ImageNode(
        **fields,
        text=text,
        image=picture.data.decode("ascii") if picture.data else None,
        image_path=str(picture.path) if picture.path else None,
        image_mimetype=picture.mimetype,
    )


def _resources(memory: Memory, hit: Hit) -> tuple[dict[str, MediaResource], list[str]]:
    """Return what a node can hold: one medium of each kind, that which matched before others.

    What cannot be read is left out, and said in words.
    """
    found: dict[str, MediaResource] = {}
    unread: list[str] = []
    for medium in sorted(hit.record.media, key=lambda medium: medium != hit.medium):
        shown = medium.modality in SHOWN_AS_PICTURE
        name = PICTURE if shown else f"{medium.modality}_resource"
        if name in RESOURCES and name not in found:
            try:
                resource = _resource(memory, medium, hit.span if medium == hit.medium else None)
            except PerceptError as error:
                unread.append(unshown(medium, error))
            else:
                found |= {name: resource} if resource else {}
    return found, unread


def _resource(memory: Memory, medium: Medium, span: Span | None) -> MediaResource | None:
    """Return a kept medium as a resource: its file, its bytes, or a picture of it."""
    percept = opened(memory, medium)
    if percept is None:
        return None
    source = percept.source
    if isinstance(source, Encoded) and medium.modality not in SHOWN_AS_PICTURE:
        return MediaResource(path=source.path, data=source.data, mimetype=medium.mime)
    shown = preview(percept, span=span)
    return MediaResource(data=shown.data, mimetype=shown.mime) if shown else None
