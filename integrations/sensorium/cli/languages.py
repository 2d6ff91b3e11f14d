"""The check of `sensorium doctor --verify` for texts in other languages than English."""

from __future__ import annotations

from collections.abc import Iterator

from sensorium.cli.checks import Check
from sensorium.cli.session import Session
from sensorium.memory import Memory, Record
from sensorium.percepts import Text

NEWEST = 500  # records whose languages are looked at
COMPARED = 20  # texts whose vectors are made again, at most
LONGEST = 200  # characters of a text that is surely one passage
SAME = 0.95  # cosine of the vector that is stored and the one that would be stored today
INSTALL = 'run: pip install "sensorium[languages]"'
RENEW = 'run in Python: memory.reembed("sensorium-mini")'


def check_languages(session: Session) -> Check:
    """Compare the vectors of texts that are not English with those of today's tower.

    Args:
        session: A memory, opened to be read only.
    Raises:
        SensoriumError: The memory cannot be opened or read.
    """
    from sensorium.mini.languages.multilingual import MultilingualTower

    with session.opened() as memory:
        records = list(_other_languages(memory))
        if not records:
            return Check("languages", "ok", "the newest texts are English")
        found = f"{len(records)} of the newest texts are in other languages than English"
        if not MultilingualTower.is_installed():
            return Check("languages", "warn", f"{found}, which is not understood", INSTALL)
        stale = sum(not _is_current(memory, record) for record in records)
    if stale:
        remedy = f"{RENEW}; until then only keywords find them"
        return Check("languages", "warn", f"{found}; {stale} have vectors from before", remedy)
    return Check("languages", "ok", f"{found}, with the vectors of their tower")


def _other_languages(memory: Memory) -> Iterator[Record]:
    from sensorium.mini.languages.emoji import name_emoji
    from sensorium.mini.languages.reader import Language, language_of

    left = COMPARED
    for record in memory.timeline(limit=NEWEST).records:
        text = record.text or ""
        fits = "text" in record.modalities and len(text) <= LONGEST and not record.findings
        if fits and left and language_of(name_emoji(text)) is Language.OTHER:
            left -= 1
            yield record


def _is_current(memory: Memory, record: Record) -> bool:
    hits = memory.recall(Text(record.text or ""), modalities=["text"], limit=COMPARED)
    return any(hit.record.id == record.id and (hit.similarity or 0) >= SAME for hit in hits)
