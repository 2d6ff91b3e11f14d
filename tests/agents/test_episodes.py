"""How an episode is told to a model."""

from __future__ import annotations

from datetime import datetime, timezone

from sensorium.agents.episodes import episode_line
from sensorium.memory import Episode
from sensorium.percepts import Place, Pose


def test_a_line_says_when_how_much_and_where() -> None:
    """The span with a date where it changes, the senses, the places, and whether it may go on."""
    start = datetime(2026, 5, 1, 23, 50, tzinfo=timezone.utc)
    end = datetime(2026, 5, 2, 0, 10, tzinfo=timezone.utc)
    place = (Place(52.5, -13.4), Pose(1.5, 2.0, frame="hall"))
    told = episode_line(Episode("a", start, end, 3, {"audio": 2, "image": 1}, place, (), True))
    assert told == (
        "episode from 2026-05-01 23:50:00 to 2026-05-02 00:10:00 UTC, 3 memories (2 audio, "
        "1 image), at 52.5,-13.4; 1.5,2,0 in hall, the newest, may go on"
    )
    assert episode_line(Episode("a", start, start, 1, {})) == (
        "episode from 2026-05-01 23:50:00 to 23:50:00 UTC, 1 memory"
    )
