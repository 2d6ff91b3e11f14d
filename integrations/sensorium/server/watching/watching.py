"""Watching what other processes do to the memories that somebody listens to."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from starlette.concurrency import run_in_threadpool

from sensorium.agents.owners import OwnersMemories
from sensorium.errors import SensoriumError
from sensorium.memory import Memory
from sensorium.qdrant import Filter, Range
from sensorium.qdrant.points import from_iso
from sensorium.server.watching.happenings import Happenings

logger = logging.getLogger(__name__)

PAUSE = 2.0  # seconds between two looks
NEWEST = 200  # records that one look reads
# A record is stamped before it is written: one of an earlier time may be seen after a later one
LATE = timedelta(seconds=2)


@dataclass
class _Seen:
    """What was seen of an owner's memories.

    Attributes:
        newest: When the newest record was remembered.
        since: From when on the next look reads: `LATE` before the newest, and not before what was
            too much to read.
        count: How many there are.
        recent: Ids of those that were remembered since then.
    """

    newest: datetime
    since: datetime
    count: int
    recent: frozenset[str]


class Watcher:
    """Looks again and again, as long as somebody listens, and tells what is new."""

    def __init__(self, memories: OwnersMemories, happenings: Happenings) -> None:
        """Watch the memories of the owners who are listened to."""
        self._memories, self._happenings = memories, happenings
        self._seen: dict[str, _Seen] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch, in the running event loop, unless this is watching already."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while owners := self._happenings.listened_to():
            self._seen = {owner: seen for owner, seen in self._seen.items() if owner in owners}
            for owner in owners:
                await run_in_threadpool(self._try_to_look, owner)
            await asyncio.sleep(PAUSE)
        self._seen.clear()

    def _try_to_look(self, owner: str) -> None:
        """Look; whatever goes wrong with one owner's memory, the others are watched on."""
        try:
            self.look(owner)
        except SensoriumError as error:
            logger.warning("sensorium: watching a memory failed: %s", error)
        except Exception:
            logger.exception("sensorium: watching a memory failed")

    def look(self, owner: str) -> None:
        """Look for what is new of an owner since the last look, and tell it."""
        with self._memories.using(owner) as memory:
            seen = self._seen.get(owner)
            now = datetime.now(timezone.utc)
            count = memory.backend.count(Filter(owner, alive_at=now))
            newest, since = (now, now - LATE) if seen is None else (seen.newest, seen.since)
            times, is_whole = _times_of_recent(memory, since)
            newest = max([newest, *times.values()]) if is_whole else now
            since = max(since, newest - LATE) if is_whole else now
            recent = frozenset(name for name, time in times.items() if time > since)
            self._seen[owner] = _Seen(newest, since, count, recent)
            if seen is None:
                return
            if count < seen.count:
                self._happenings.tell(owner, "forgotten", [None])
            new = [name for name in times if name not in seen.recent]
            unknown = [name for name in new if not self._happenings.knows(owner, name)]
            self._happenings.tell(owner, "remembered", unknown)
            if not is_whole:
                self._happenings.tell(owner, "missed", [None])


def _times_of_recent(memory: Memory, after: datetime) -> tuple[dict[str, datetime], bool]:
    """Return when records were remembered, by their ids, of those remembered after a time.

    Returns:
        Also whether these are all of them.
    """
    new = Filter(memory.owner, Range("created_at", gt=after))
    page = memory.backend.scroll(new, limit=NEWEST, payload=["id", "at", "created_at"])
    payloads = [point.payload for point in page.points]
    times = [from_iso(each["created_at" if "created_at" in each else "at"]) for each in payloads]
    names = [str(point.payload.get("id", point.id)) for point in page.points]
    return dict(zip(names, times, strict=True)), page.cursor is None
