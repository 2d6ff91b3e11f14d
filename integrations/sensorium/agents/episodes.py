"""Episodes for agents: one description of the tool, and one line for each episode."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sensorium.memory import Episode
from sensorium.memory.places.words import place_text

EPISODES, MOST_EPISODES = 10, 50  # of one answer: by default, and at most
MOMENTS = 2  # telling memories of each that are shown
EpisodeLimit = Annotated[int, Field(ge=1, le=MOST_EPISODES, description="Most episodes.")]


def episode_line(episode: Episode) -> str:
    """Describe an episode in one line: its span, size, senses and places."""
    end = f"{episode.end:%H:%M:%S}"
    if episode.end.date() != episode.start.date():
        end = f"{episode.end:%Y-%m-%d} {end}"
    senses = ", ".join(f"{count} {name}" for name, count in episode.modalities.items())
    parts = [f"episode from {episode.start:%Y-%m-%d %H:%M:%S} to {end} UTC"]
    parts.append("1 memory" if episode.records == 1 else f"{episode.records} memories")
    if senses:
        parts[-1] += f" ({senses})"
    if episode.places:
        parts.append(f"at {'; '.join(map(place_text, episode.places))}")
    if episode.is_last:
        parts.append("the newest, may go on")
    return ", ".join(parts)
