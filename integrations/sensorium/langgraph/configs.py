"""LangGraph's dictionaries of settings: unknown keys and wrong values are errors."""

from __future__ import annotations

import math

from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, TTLConfig

from sensorium.errors import QueryError

MINUTES = ("default_ttl", "sweep_interval_minutes")  # positive numbers, or None
# Of these, `omit_expired` changes nothing: expired items are always omitted
SWITCHES = ("refresh_on_read", "omit_expired")
INDEX_KEYS = ("dims", "embed", "fields")
OF_ENGINES = ("distance_type", "ann_index_config")  # keys of LangGraph's stores in databases
PRIVATE = "__"  # beginning of the keys that LangGraph's own stores add
TTL_KEYS = "default_ttl, refresh_on_read, sweep_interval_minutes, in minutes"


def check_ttl(config: TTLConfig | None) -> TTLConfig | None:
    """Check settings of the time to live, and return them.

    Raises:
        QueryError: They are not a dictionary, or have an unknown key or a wrong value.
    """
    if config is None:
        return None
    if not isinstance(config, dict):
        raise _wrong_ttl(f"ttl={config!r}")
    for key, value in config.items():
        if key in MINUTES:
            is_valid = value is None or _is_positive(value)
        else:
            is_valid = key in SWITCHES and isinstance(value, bool)
        if not (is_valid or _is_private(key)):
            raise _wrong_ttl(f"ttl={{{key!r}: {value!r}}}")
    return config


def check_index(config: IndexConfig | None) -> IndexConfig:
    """Check the keys and the `embed` of an index, and return it; `None` becomes an empty one.

    Raises:
        QueryError: It is not a dictionary, has an unknown key, or its `embed` cannot embed.
    """
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise _wrong_index(f"index={config!r}")
    for key in config:
        if key in OF_ENGINES:
            raise QueryError(
                f"index={{{key!r}: ...}}",
                f"a dictionary of {', '.join(INDEX_KEYS)}",
                "leave it out: the engine compares by cosine, and decides how it indexes",
            )
        if key not in INDEX_KEYS and not _is_private(key):
            raise _wrong_index(f"index={{{key!r}: ...}}")
    embed = config.get("embed")
    if not (embed is None or isinstance(embed, (str, Embeddings)) or callable(embed)):
        raise QueryError(
            f"embed={embed!r}",
            'LangChain embeddings, a function or "provider:model"',
            "pass one, or leave out embed and dims: the memory encodes",
        )
    return config


def _is_private(key: object) -> bool:
    return isinstance(key, str) and key.startswith(PRIVATE)


def _is_positive(value: object) -> bool:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return numeric and 0 < value < math.inf  # type: ignore[operator]  # numeric


def _wrong_ttl(came: str) -> QueryError:
    return QueryError(
        came,
        f"a dictionary of {TTL_KEYS}",
        'write ttl={"default_ttl": 60, "refresh_on_read": True}',
    )


def _wrong_index(came: str) -> QueryError:
    return QueryError(
        came, f"a dictionary of {', '.join(INDEX_KEYS)}", 'write index={"fields": ["text"]}'
    )
