"""What a store is given to add, checked: as many of each as there are documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from langchain_core.documents import Document

from sensorium.errors import RecordError, VectorError

T = TypeVar("T")


def listed(given: Iterable[T], kind: type[T]) -> list[T]:
    """Return what is to be added as a list.

    Raises:
        RecordError: One alone, or something of another type.
    """
    bare = isinstance(given, (str, Document))
    items = [] if bare else list(given)
    wrong = [given] if bare else [one for one in items if not isinstance(one, kind)]
    if wrong:
        raise RecordError(
            f"a {type(wrong[0]).__name__}, {'alone' if bare else 'among what to add'}",
            f"a list of {kind.__name__}",
            "use add_texts for texts, add_documents for documents, add_images for pictures",
        )
    return items


def names_of(own: Sequence[str | None], given: Sequence[str | None] | None) -> list[str]:
    """Return an id for each document: the given one, its own, or a new one."""
    if given is not None:
        own = one_each("ids", given, len(own), None)
    return [name or str(uuid4()) for name in own]


def one_each(name: str, given: Sequence[Any] | None, count: int, default: Any) -> Sequence[Any]:
    """Return what was given for each document, or the default for all.

    Raises:
        RecordError: Not one each.
    """
    if given is None:
        return [default] * count
    if isinstance(given, (str, bytes)) or len(given) != count:
        raise RecordError(
            f"{name} of {len(given)} for {count} documents", "one each", "leave them out, or add"
        )
    return given


def facts_of(
    metadatas: Sequence[Mapping[str, Any] | None] | None, count: int
) -> list[dict[str, Any]]:
    """Return the metadata of each document; `None` is none.

    Raises:
        RecordError: Not one each, or something else than dictionaries.
    """
    facts = one_each("metadatas", metadatas, count, None)
    for fact in facts:
        if not isinstance(fact, (Mapping, type(None))):
            raise RecordError(
                f"a {type(fact).__name__} among the metadatas", "dictionaries", "write [{...}]"
            )
    return [dict(fact or {}) for fact in facts]


def rows_of(
    modality: str, rows: Sequence[Sequence[float]], count: int
) -> Sequence[Mapping[str, Any]]:
    """Return the vectors of each document, as a moment takes them.

    Raises:
        VectorError: Not one each.
    """
    if len(rows) != count:
        raise VectorError(
            f"{len(rows)} vectors of {count} documents",
            "one each",
            "mend the embeddings: they must return a row for each text",
        )
    return [{modality: row} for row in rows]
