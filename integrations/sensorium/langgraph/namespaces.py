"""Namespaces in a memory: in the id, the source and the tags of a record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from langgraph.store.base import (
    GetOp,
    InvalidNamespaceError,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    SearchOp,
)

from sensorium.errors import QueryError
from sensorium.memory.checks import LONGEST_TAG
from sensorium.memory.layout.ids import LONGEST_ID

Namespace: TypeAlias = "tuple[str, ...]"
MARK = "langgraph"  # tag of every item
ANY = "*"  # in a pattern: any label


def check_op(op: Op) -> None:
    """Check an operation of `batch`.

    Raises:
        InvalidNamespaceError: A label is empty, is not text, or has a "." or a NUL byte in it.
        QueryError: It is not an operation, its key or query is not text, its limit or offset is
            negative, or its match type is unknown.
    """
    if isinstance(op, (GetOp, PutOp)):
        _check_labels(op.namespace, empty=isinstance(op, GetOp) or op.value is None)
        if not isinstance(op.key, str):
            raise QueryError(f"key={op.key!r}", "text", "write str(key)")
    elif isinstance(op, SearchOp):
        _check_labels(op.namespace_prefix)
        _check_page(op)
        if op.query is not None and not isinstance(op.query, str):
            raise QueryError(
                f"query={op.query!r}",
                "text: words, a data: URI, or a content block as JSON",
                "write str(...) or json.dumps(block)",
            )
    elif isinstance(op, ListNamespacesOp):
        for condition in op.match_conditions or ():
            _check_labels(condition.path)
            if condition.match_type not in ("prefix", "suffix"):
                raise QueryError(
                    f"match_type={condition.match_type!r}", "prefix or suffix", "pass one"
                )
        _check_page(op)
    else:
        raise QueryError(
            f"a {type(op).__name__} as an operation",
            "GetOp, PutOp, SearchOp or ListNamespacesOp",
            "call get, put, search or list_namespaces",
        )


def _check_labels(labels: Sequence[str], *, empty: bool = True) -> None:
    if not labels and not empty:
        raise InvalidNamespaceError("Namespace cannot be empty.")
    for label in labels:
        if not isinstance(label, str) or not label or "." in label or "\0" in label:
            raise InvalidNamespaceError(
                f"Invalid namespace label {label!r} in {labels!r}: needed text that is not empty "
                "and has neither periods nor NUL bytes in it"
            )


def _check_page(op: SearchOp | ListNamespacesOp) -> None:
    for name, number in (("limit", op.limit), ("offset", op.offset)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise QueryError(f"{name}={number!r}", "a whole number from 0", "count from 0")


def item_id(namespace: Sequence[str], key: str) -> str:
    """Return the id of an item's record: its namespace and key as JSON, or the digest of these."""
    name = json.dumps([*namespace, key])  # ASCII, so that all characters are printable
    digest = hashlib.sha256(name.encode()).hexdigest()
    return name if len(name) <= LONGEST_ID else f"sha256:{digest}"


def source_of(namespace: Sequence[str]) -> str:
    """Write a namespace as one text; labels have no dots in them."""
    return ".".join(namespace)


def tags_of(namespace: Namespace) -> list[str]:
    """Return the tags of an item: the mark, and each prefix of its namespace."""
    prefixes = [source_of(namespace[:depth]) for depth in range(1, len(namespace) + 1)]
    return [MARK, *(prefix for prefix in prefixes if _is_tag(prefix))]


def narrowest_tags(prefix: Namespace) -> list[str]:
    """Return the tags that all items have whose namespace begins with a prefix."""
    return list(dict.fromkeys((MARK, tags_of(prefix)[-1])))


def _is_tag(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_TAG


def select_namespaces(namespaces: Iterable[Namespace], op: ListNamespacesOp) -> list[Namespace]:
    """Return the namespaces that match a listing, cut to its depth and sorted."""
    found = {
        namespace[: op.max_depth]
        for namespace in namespaces
        if all(_is_match(namespace, condition) for condition in op.match_conditions or ())
    }
    return sorted(found)[op.offset : op.offset + op.limit]


def common_prefix(op: ListNamespacesOp) -> Namespace:
    """Return the labels with which all namespaces of a listing begin."""
    labels: list[str] = []
    for condition in op.match_conditions or ():
        if condition.match_type == "prefix":
            path = [*condition.path, ANY]
            labels = max(labels, path[: path.index(ANY)], key=len)
    return tuple(labels)


def _is_match(namespace: Namespace, condition: MatchCondition) -> bool:
    path = tuple(condition.path)
    if len(namespace) < len(path):
        return False
    if condition.match_type == "suffix":
        namespace, path = namespace[::-1], path[::-1]
    return all(wanted in (ANY, label) for label, wanted in zip(namespace, path, strict=False))
