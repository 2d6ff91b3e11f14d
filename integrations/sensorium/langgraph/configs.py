"""What LangGraph's dictionaries of settings may say: a slip in one is refused, not passed over."""

from __future__ import annotations

import math

from langchain_core.embeddings import Embeddings
from langgraph.store.base import IndexConfig, TTLConfig

from sensorium.errors import QueryError

MINUTES = ("default_ttl", "sweep_interval_minutes")  # a positive number, or None
SWITCHES = ("refresh_on_read", "omit_expired")  # expired items are omitted whatever it says
INDEX_KEYS = ("dims", "embed", "fields")
PRIVATE = "__"  # begins the keys that LangGraph's own stores add
TTL_KEYS = "default_ttl, refresh_on_read, sweep_interval_minutes; minutes"


def check_ttl(config: TTLConfig | None) -> TTLConfig | None:
    """Return settings of the time to live as given.

    Raises:
        QueryError: No dictionary, an unknown key, or a value that is none of its key's.
    """
    if config is None:
        return None
    if not isinstance(config, dict):
        raise _wrong_ttl(f"ttl={config!r}")
    for key, value in config.items():
        if key in MINUTES:
            right = value is None or _is_positive(value)
        else:
            right = key in SWITCHES and isinstance(value, bool)
        if not (right or _is_private(key)):
            raise _wrong_ttl(f"ttl={{{key!r}: {value!r}}}")
    return config


def check_index(config: IndexConfig | None) -> IndexConfig:
    """Return settings of the index as given, or none; what they say is judged where it is used.

    Raises:
        QueryError: No dictionary, an unknown key, or an `embed` that cannot embed.
    """
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise _wrong_index(f"index={config!r}")
    for key in config:
        if key not in INDEX_KEYS and not _is_private(key):
            raise _wrong_index(f"index={{{key!r}: ...}}")
    embed = config.get("embed")
    if not (embed is None or isinstance(embed, (str, Embeddings)) or callable(embed)):
        raise QueryError(
            f"embed={embed!r}"[:200],
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
        came[:200],
        f"ttl takes {TTL_KEYS}",
        'write ttl={"default_ttl": 60, "refresh_on_read": True}',
    )


def _wrong_index(came: str) -> QueryError:
    return QueryError(
        came[:200], f"a dictionary of {', '.join(INDEX_KEYS)}", 'write index={"fields": ["text"]}'
    )
