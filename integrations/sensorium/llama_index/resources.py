"""The media of a record as resources of a node, which models see and hear."""

from __future__ import annotations

from collections.abc import Mapping
from mimetypes import guess_type
from typing import Literal, TypeAlias

from llama_index.core.schema import (
    BaseNode,
    ImageNode,
    MediaResource,
    MetadataMode,
    Node,
    TextNode,
)

from sensorium.agents.naming import named
from sensorium.agents.showing import unshown
from sensorium.errors import PerceptError
from sensorium.llama_index.nodes import (
    OWN,
    RESOURCES,
    contents_of,
    open_kept,
    percept_of,
    unpack,
)
from sensorium.memory import Hit, Medium, Memory, Record
from sensorium.percepts import Audio, Percept, Span, Text
from sensorium.percepts.previews import preview
from sensorium.percepts.source import Encoded

PICTURE = "image_resource"
Media: TypeAlias = Literal["stretch", "whole"]  # of a sound, what a node has
STRETCH: Media = "stretch"
WHOLE: Media = "whole"
Found: TypeAlias = "tuple[dict[str, MediaResource], list[str]]"


def stored_node(
    memory: Memory, record: Record, modality: str, hit: Hit | None = None
) -> BaseNode | None:
    """Return the node of a store of one modality; `None` if the record has none.

    A node whose media were encoded gets back what LlamaIndex left out of it on the way: the medium
    of its record, of a sound the stretch that matched, and words.

    Args:
        memory: Memory that holds the record.
        record: Record that was made of the node.
        modality: Modality of the store.
        hit: How it was found, if it was.
    """
    node = unpack(memory, record, modality)
    if node is None or OWN not in contents_of(record)[modality]:
        return node
    if isinstance(node, TextNode) and not isinstance(node, ImageNode):
        found, _ = resources_of(memory, record, hit)
        found = found or _resources_made_of(node, hit)
        node = _with_resources(node, found) if found else node
    if not node.get_content(metadata_mode=MetadataMode.LLM).strip():
        node.set_content(words_of(record, hit))
    return node


def _resources_made_of(node: BaseNode, hit: Hit | None) -> dict[str, MediaResource]:
    """Return what a node was made of, if its file is still there, where a memory keeps no media."""
    try:
        percept = percept_of(node)
        if percept is None:
            return {}
        mime = guess_type(percept.uri or "")[0]
        name, resource = _resource(
            percept,
            mime,
            hit.span if hit else None,
            cut=hit is not None and percept.modality == Audio.modality,
        )
    except PerceptError:
        return {}
    return {name: resource} if resource else {}


def _with_resources(node: TextNode, found: Mapping[str, MediaResource]) -> Node:
    """Return a text node as a node that also has media."""
    shared = {name: getattr(node, name) for name in BaseNode.model_fields}
    said = MediaResource(text=node.text)
    return Node.model_validate(
        {**shared, "text_template": node.text_template, "text_resource": said, **found}
    )


def words_of(record: Record, hit: Hit | None = None) -> str:
    """Return the words of a record: its text, what was found in it, or names of its media."""
    if record.text:
        return record.text
    if hit and hit.finding:
        return hit.finding.text
    shown = [medium for medium in record.media if medium.of is None]
    return ", ".join(named(medium.modality, medium.duration, medium.uri) for medium in shown)


def resources_of(memory: Memory, record: Record, hit: Hit | None, media: Media = STRETCH) -> Found:
    """Return one medium for each field of a node, the one that matched before others.

    Args:
        memory: Memory that holds the record.
        record: The record.
        hit: How it was found, if it was.
        media: Of a sound that matched, the stretch that did, or the whole file.
    Returns:
        The media by field, and a remark for each medium that cannot be read.
    """
    matched = hit.medium if hit else None
    found: dict[str, MediaResource] = {}
    unread: list[str] = []
    for medium in sorted(record.media, key=lambda medium: medium != matched):
        span = hit.span if hit and medium == matched else None
        cut = media == STRETCH and medium.modality == Audio.modality and _is_part(span, medium)
        is_beside = medium.of is not None and medium != matched  # its video is there
        is_shown = _field_of(medium.modality) in found
        if medium.modality != Text.modality and not is_beside and not is_shown:
            try:
                percept = open_kept(memory, medium)
                if percept is None:
                    continue
                name, resource = _resource(percept, medium.mime, span, cut=cut)
            except PerceptError as error:
                unread.append(unshown(medium, error))
            else:
                found |= {name: resource} if resource else {}
    return found, unread


def _resource(
    percept: Percept, mime: str | None, span: Span | None, *, cut: bool
) -> tuple[str, MediaResource | None]:
    """Return a percept as a resource: its file, its bytes, a stretch, or a picture of it."""
    source, name = percept.source, _field_of(percept.modality)
    if isinstance(source, Encoded) and f"{percept.modality}_resource" in RESOURCES and not cut:
        return name, MediaResource(path=source.path, data=source.data, mimetype=mime)
    shown = preview(percept, span=span)
    return name, MediaResource(data=shown.data, mimetype=shown.mime) if shown else None


def _field_of(modality: str) -> str:
    own = f"{modality}_resource"
    return own if own in RESOURCES else PICTURE


def _is_part(span: Span | None, medium: Medium) -> bool:
    return span is not None and (medium.duration or 0.0) > span.end - span.start
