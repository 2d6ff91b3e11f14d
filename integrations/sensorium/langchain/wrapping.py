"""Embeddings within embeddings and functions: caches, partials, lambdas, bound methods."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from inspect import getclosurevars
from types import FunctionType, MethodType
from typing import Any

from langchain_core.embeddings import Embeddings

from sensorium.encoders.probe import SENTENCE, probe_of, unit_probe
from sensorium.encoders.space import ALIKE
from sensorium.langchain.embeddings import SensoriumEmbeddings

CACHED = "underlying_embeddings"  # attribute of LangChain's cache: what it keeps vectors of
DEEPEST = 8  # one within another
MOST = 200  # objects that are looked into


def innermost(embedding: Embeddings) -> Embeddings:
    """Return the embeddings that make the vectors, within any that keep them in a cache."""
    for _ in range(DEEPEST):
        inner = getattr(embedding, CACHED, None)
        if not isinstance(inner, Embeddings):
            break
        embedding = inner
    return embedding


def own_within(embedding: Embeddings) -> SensoriumEmbeddings | None:
    """Return Sensorium's own embeddings, if it is their vectors that others return.

    Args:
        embedding: Sensorium's own embeddings, or others that may call them. One sentence is
            embedded by both, as a wrapper may alter what it is given or what it returns.
    """
    if isinstance(embedding, SensoriumEmbeddings):
        return embedding
    found = _find(embedding)
    if found is None:
        return None
    theirs = probe_of(lambda text: embedding.embed_documents([text])[0])
    own = unit_probe(found.embed_query(SENTENCE))
    return found if theirs is not None and likeness(theirs, own) >= ALIKE else None


def likeness(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Return the cosine of two unit vectors; 0 where their lengths differ."""
    if len(one) != len(other):
        return 0.0
    return sum(a * b for a, b in zip(one, other, strict=True))


def _find(outer: object) -> SensoriumEmbeddings | None:
    """Look for Sensorium's own embeddings in what an object holds, the nearest first."""
    level, seen = [outer], {id(outer)}
    for _ in range(DEEPEST):
        parts = [part for one in level for part in _parts(one) if id(part) not in seen]
        found = next((part for part in parts if isinstance(part, SensoriumEmbeddings)), None)
        if found is not None or not parts or len(seen) > MOST:
            return found
        seen.update(map(id, parts))
        level = parts
    return None


def _parts(outer: Any) -> Iterator[object]:
    """Yield the embeddings and functions that embeddings or a function may call."""
    if isinstance(outer, partial):
        within: list[object] = [outer.func, *outer.args, *outer.keywords.values()]
    elif isinstance(outer, MethodType):
        within = [outer.__self__]
    elif isinstance(outer, FunctionType):
        within = _named_in(outer)
    else:
        within = list(getattr(outer, "__dict__", {}).values())
    kinds = (Embeddings, partial, MethodType, FunctionType)
    yield from (part for part in within if isinstance(part, kinds))


def _named_in(function: FunctionType) -> list[object]:
    """Return what the names in a function stand for."""
    try:
        variables = getclosurevars(function)
    except ValueError:  # a name that has no value yet
        return []
    return [*variables.nonlocals.values(), *variables.globals.values()]
