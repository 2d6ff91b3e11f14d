"""Words found in percepts: read in pictures, heard in sounds."""

from sensorium.enrich.enricher import Enricher, find_words
from sensorium.enrich.found import Box, Found, Word
from sensorium.enrich.registry import enricher_names, load_enricher, register_enricher

__all__ = [
    "Box",
    "Enricher",
    "Found",
    "Word",
    "enricher_names",
    "find_words",
    "load_enricher",
    "register_enricher",
]
