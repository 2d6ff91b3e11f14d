"""Words found in percepts: read in pictures, heard in sounds."""

from sensorium.enrich.enricher import Enricher, find_words
from sensorium.enrich.found import Box, Found, Word
from sensorium.enrich.registry import (
    Enrichers,
    enricher_names,
    load_enricher,
    named_enrichers,
    register_enricher,
)

__all__ = [
    "Box",
    "Enricher",
    "Enrichers",
    "Found",
    "Word",
    "enricher_names",
    "find_words",
    "load_enricher",
    "named_enrichers",
    "register_enricher",
]
