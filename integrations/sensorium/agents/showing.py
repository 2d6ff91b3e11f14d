"""A memory's media as pictures and sounds that a model is shown."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sensorium.agents.naming import named
from sensorium.errors import SensoriumError
from sensorium.memory import Hit, Medium, Memory, Record
from sensorium.percepts import Span, Text
from sensorium.percepts.forms import MAX_BYTES, MAX_SIDE, Preview
from sensorium.percepts.previews import preview

logger = logging.getLogger(__name__)

PREVIEWS = ("image", "audio")  # kinds of what media are shown as


@dataclass
class Budget:
    """Sizes that the pictures and sounds of one answer may have.

    Attributes:
        item_bytes: Largest size of one picture or sound.
        total_bytes: Bytes left for all that are still to be shown; `None` does not bound them.
        max_side: Largest width and height of a picture, in pixels.
    """

    item_bytes: int = MAX_BYTES
    total_bytes: int | None = None
    max_side: int = MAX_SIDE

    @property
    def room(self) -> int:
        """Largest size of the next picture or sound."""
        return (
            self.item_bytes if self.total_bytes is None else min(self.item_bytes, self.total_bytes)
        )

    @property
    def is_low(self) -> bool:
        """Whether the next picture or sound must be smaller than others were allowed to be."""
        return self.room < self.item_bytes

    def spend(self, size: int) -> None:
        """Take what was shown off the bytes that are left."""
        if self.total_bytes is not None:
            self.total_bytes -= size


def shown(
    memory: Memory,
    record: Record,
    budget: Budget,
    *,
    matched: Medium | None = None,
    span: Span | None = None,
    kinds: Collection[str] = PREVIEWS,
) -> Iterator[str | Preview]:
    """Show the media of a record, in order; say in words which are not.

    Args:
        memory: The memory that holds the record.
        record: The record to show. Its text is not repeated here.
        budget: Sizes of the pictures and sounds; what is shown is taken off.
        matched: The medium that answered a question.
        span: The stretch of `matched` to show, in seconds.
        kinds: What the reader takes: `"image"`, `"audio"`, or both.
    """
    for medium in record.media:
        if medium.of is not None and medium != matched:  # its video is shown
            continue
        part = show_medium(memory, medium, budget, span=span if medium == matched else None)
        if isinstance(part, Preview) and part.mime.partition("/")[0] not in kinds:
            budget.spend(-len(part.data))
            name = named(medium.modality, medium.duration, medium.uri)
            yield f"[{name}, which is not shown here]"
        elif part is not None:
            yield part


def show_match(memory: Memory, hit: Hit, budget: Budget) -> str | Preview | None:
    """Show the medium that matched; where the text did, the first that can be seen or heard."""
    kept = [medium for medium in hit.record.media if _is_visible(medium)]
    if hit.medium in kept:
        return show_medium(memory, hit.medium, budget, span=hit.span)
    return show_medium(memory, kept[0], budget) if kept else None


def show_medium(
    memory: Memory, medium: Medium, budget: Budget, *, span: Span | None = None
) -> str | Preview | None:
    """Show one medium, or say in words why it cannot be shown.

    Args:
        memory: The memory that holds the medium.
        medium: The medium to show.
        budget: Sizes of the pictures and sounds; what is shown is taken off.
        span: The stretch to show, in seconds; by default from the start on.
    Returns:
        `None` for a medium that was not kept or can be neither seen nor heard, and for one that
        does not fit even into an empty answer.
    """
    if not _is_visible(medium):
        return None
    try:
        percept = memory.open_medium(medium)
        part = preview(percept, span=span, max_bytes=budget.room, max_side=budget.max_side)
    except SensoriumError as error:
        return unshown(medium, error)
    if part is not None:
        budget.spend(len(part.data))
    elif budget.is_low:
        return f"[this {medium.modality} is left out: the answer is full]"
    return part


def unshown(medium: Medium, error: SensoriumError) -> str:
    """Say in words for a model that a medium cannot be shown; the log says why.

    The error itself may name a path of this machine, which is nothing to tell a model.
    """
    logger.warning("sensorium: a kept %s cannot be shown: %s", medium.modality, error)
    return f"[this {medium.modality} cannot be shown: its file is missing or damaged]"


def _is_visible(medium: Medium) -> bool:
    return medium.file is not None and medium.modality != Text.modality
