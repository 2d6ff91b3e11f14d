"""Hits by episode: of each episode only the best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sensorium.errors import QueryError, show
from sensorium.memory.checks import MOST
from sensorium.memory.episodes.finder import EpisodeFinder
from sensorium.memory.records import Hit

GROUP = "episode"
WIDER = 8  # times the limit: hits that are looked at first; each further look has as many more
LOOKS = 2


def check_group(group: object) -> None:
    """Check that hits are not grouped, or by episode.

    Raises:
        QueryError: Another value.
    """
    if group is not None and group != GROUP:
        raise QueryError(
            f"group={show(group)}", f'"{GROUP}", or None', f'write group="{GROUP}", or leave it out'
        )


def best_of_episodes(
    recall: Callable[[int], Sequence[Hit]], finder: EpisodeFinder, limit: int
) -> list[Hit]:
    """Return the best hit of each episode, with its episode, best first.

    What others share is in none of one's own episodes, and each of it is returned.

    Args:
        recall: Recalls so many hits.
        finder: Knows the episodes.
        limit: The most hits to return.
    """
    wide = limit
    for _ in range(LOOKS):
        wide = min(wide * WIDER, MOST)
        hits = recall(wide)
        episodes = finder.at([hit.record.at for hit in hits])
        best: dict[str, Hit] = {}
        for hit, episode in zip(hits, episodes, strict=True):
            shared = hit.record.shared  # of an episode of another's: it stands for itself
            own = None if shared else episode
            key = hit.record.id if shared else own.id if own else ""
            best.setdefault(key, replace(hit, episode=own))
        if len(best) >= limit or len(hits) < wide:
            break
    return list(best.values())[:limit]
