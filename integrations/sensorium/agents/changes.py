"""What a call has kept, changed and removed, in words for a model.

Quotes are JSON on one line, so that what a memory says cannot be taken for a line of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sensorium.agents.naming import named
from sensorium.agents.wording import cut, memories, quoted_words
from sensorium.memory import Medium, Memory, Record, Remembered
from sensorium.percepts import Text

FIELDS = ("text", "tags", "source", "metadata", "expires_at")  # of a record that can be changed
GIVEN = ("tags", "source", "metadata", "expires_at")  # beside the content that names a record


def kept_lines(
    memory: Memory, remembered: Remembered, name: str, given: Mapping[str, Any]
) -> list[str]:
    """Say what came of remembering a moment.

    Args:
        memory: The memory that was asked to remember it.
        remembered: The result.
        name: How the adapter names the record: "memory 7c1...", "image, text (id 7c1...)".
        given: Arguments of `Memory.remember` beside its content.
    Returns:
        One line, and of what is known already a second one if something given was not kept.
    """
    if remembered.status != "known":
        return [f"remembered: {name}"]
    line = f"known already, and left unchanged (update changes it): {name}"
    lost = _passed_over(memory.get(remembered.id), given)
    return [line, f"not kept of what was given now: {', '.join(lost)}"] if lost else [line]


def _passed_over(record: Record, given: Mapping[str, Any]) -> list[str]:
    """Name the fields that were given and that a known record has not."""
    own = _fields(record)
    names = [name for name in GIVEN if given.get(name)]
    return [
        "ttl" if name == "expires_at" else name
        for name in names
        # Of two calls with one ttl, each has an end of its own
        if _plain(given[name]) != own[name] and not (name == "expires_at" and own[name])
    ]


def changed_lines(before: Record, after: Record) -> list[str]:
    """Say what an update changed, what was lost by it, and what stayed.

    Args:
        before: The record as it was.
        after: The same record as it is now.
    """
    old, new = _fields(before), _fields(after)
    changed = [_written(name) for name in FIELDS if old[name] != new[name]]
    were = {medium.digest for medium in before.media}
    added = [_signal(medium) for medium in _signals(after.media) if medium.digest not in were]
    stayed = [_written(name) for name in FIELDS if old[name] == new[name] and old[name]]
    stayed += [_signal(medium) for medium in _signals(after.media) if medium.digest in were]
    lines = [f"changed: {', '.join(changed)}"] if changed else []
    lines += [f"added: {', '.join(added)}"] if added else []
    lost = list(_lost(before, after))
    lines += [f"lost: {', '.join(lost)}"] if lost else []
    lines += [f"kept: {', '.join(stayed)}"] if stayed else []
    return lines if changed or added else ["changed: nothing, as it was so already", *lines]


def _lost(before: Record, after: Record) -> Iterable[str]:
    """Name what an update removed."""
    if before.text and after.text != before.text:
        yield f"the text {quoted_words(cut(before.text, '(cut)'))}"
    gone = [tag for tag in before.tags if tag not in after.tags]
    if gone:
        yield f"the tags {json.dumps(gone, ensure_ascii=False)}"
    if before.source and after.source != before.source:
        yield f"the source {quoted_words(before.source)}"
    facts = {
        key: value
        for key, value in before.metadata.items()
        if key not in after.metadata or after.metadata[key] != value
    }
    if facts:
        yield f"the metadata {cut(json.dumps(facts, ensure_ascii=False), '(cut)')}"
    if before.expires_at and after.expires_at != before.expires_at:
        yield f"the end on {before.expires_at.isoformat(timespec='seconds')}"


def forgotten_lines(
    count: int, *, media_only: bool = False, missing: Sequence[str] = ()
) -> list[str]:
    """Say what was forgotten, what stays, and what was not there.

    Args:
        count: How many memories were removed, or changed.
        media_only: Whether only their media were.
        missing: Ids that named no memory.
    """
    if not media_only:
        lines = [f"forgot {memories(count)}"]
    else:
        lines = [f"forgot the media of {memories(count)}"]
        if count:
            lines.append(
                "lost: pictures, sounds and other signals, which nobody can see or hear any more; "
                "kept: texts, tags and metadata, and all that the memories are found by"
            )
    if missing:
        lines.append(f"no memory here has the ids {json.dumps(list(missing), ensure_ascii=False)}")
    return lines


def missing_ids(memory: Memory, ids: Sequence[str]) -> list[str]:
    """Return those of the ids that name no memory, in order."""
    there = {record.id for record in memory.get_many(ids)}
    return [name for name in dict.fromkeys(ids) if name not in there]


def signals_line(media: Iterable[Medium]) -> str:
    """Name the signals among a record's media: "a picture, dog.jpg, and a sound of 2.9 s"."""
    return " and ".join(map(_signal, _signals(media)))


def _signals(media: Iterable[Medium]) -> list[Medium]:
    return [one for one in media if one.of is None and one.modality != Text.modality]


def _signal(medium: Medium) -> str:
    return named(medium.modality, medium.duration)


def _fields(record: Record) -> dict[str, Any]:
    return {name: _plain(getattr(record, name)) for name in FIELDS}


def _plain(value: Any) -> Any:
    """Return a field's value such that what was given can be compared with what is stored."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _written(name: str) -> str:
    return "the time at which it ends" if name == "expires_at" else name
