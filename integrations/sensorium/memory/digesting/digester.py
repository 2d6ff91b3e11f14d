"""Digests one owner's memories: a plan first, then what it says, in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import groupby

from sensorium.encoders import check_cancelled
from sensorium.memory.calibrating.calibrator import Calibrator
from sensorium.memory.digesting.frames import Frames, frame_origins
from sensorium.memory.digesting.plan import Frame, Plan
from sensorium.memory.digesting.weighing import SALIENCE, Weighed
from sensorium.memory.digesting.wish import Wish
from sensorium.memory.filters import Filters
from sensorium.memory.receipts import DigestReceipt
from sensorium.memory.records import Progress
from sensorium.memory.shelf import Setup, Shelf
from sensorium.memory.writing.editor import Editor
from sensorium.qdrant import Condition, Every, Filter, Ids, Range

PIECE = 256  # frames that are marked, or dropped, while nobody else writes


class Digester:
    """Keeps the telling moments of one owner's old streams."""

    def __init__(self, shelf: Shelf, editor: Editor, calibrator: Calibrator) -> None:
        """Work on a shelf.

        Args:
            shelf: The memory.
            editor: Removes the records.
            calibrator: Knows how unlike unrelated frames are, and is told what went.
        """
        self._shelf = shelf
        self._editor = editor
        self._calibrator = calibrator

    def digest(
        self,
        wish: Wish,
        filters: Filters,
        condition: Condition | None,
        *,
        dry_run: bool,
        progress: Progress | None,
    ) -> DigestReceipt:
        """Drop all old frames but the telling ones; see `Memory.digest`.

        What stays is marked before anything goes. So a digest that was cut short has lost nothing
        that is meant to stay, and another one goes on with what is left.
        """
        if not dry_run:
            self._shelf.check_writable()
        named = filters.get("source") is not None
        origins = frame_origins(filters)
        frames, plan = self._shelf.ask(
            lambda setup: self._planned(setup, wish, condition, origins, is_named=named)
        )
        receipt = DigestReceipt(
            owner=self._shelf.owner,
            at=datetime.now(timezone.utc),
            before=wish.before,
            dry_run=dry_run,
            **plan.to_fields(),
        )
        if dry_run:
            return receipt
        self._carry_out(plan, frames, wish, progress)
        return replace(receipt, **plan.to_fields())

    def _planned(
        self,
        setup: Setup,
        wish: Wish,
        condition: Condition | None,
        origins: Condition,
        *,
        is_named: bool,
    ) -> tuple[Frames, Plan]:
        given = [] if condition is None else [condition]
        now = datetime.now(timezone.utc)
        old = [*given, Range("at", lt=wish.before)]
        everything = Filter(self._shelf.owner, Every(tuple(old)), alive_at=now)
        chosen = Filter(self._shelf.owner, Every((*old, origins)), alive_at=now)
        frames = Frames(wish, Weighed.of(setup, self._shelf.owner), is_named)
        calibration = self._calibrator.current(setup)
        plan = Plan.read(setup, everything, chosen, frames, calibration)
        plan.choose(wish)
        return frames, plan

    def _carry_out(self, plan: Plan, frames: Frames, wish: Wish, progress: Progress | None) -> None:
        going, backend = plan.going, self._shelf.backend
        if wish.most_bytes is not None:
            backend.check_purge(removed=len(going))
        fresh = [frame for frame in plan.frames if frame.stays and not frame.earlier]
        for piece in _pieces(fresh):
            check_cancelled()
            self._mark(piece)
        try:
            for number, piece in enumerate(_pieces(going)):
                check_cancelled()
                self._drop(piece, frames)
                if progress is not None:
                    progress(min((number + 1) * PIECE, len(going)), len(going))
        finally:
            if going:
                self._calibrator.invalidate()
        self._editor.sweep_media()
        if wish.most_bytes is not None and (going or self._takes_more(wish.most_bytes)):
            backend.purge()

    def _mark(self, piece: Sequence[Frame]) -> None:
        """Write on frames that they stay, and how telling they are."""
        with self._shelf.held():
            for salience, frames in groupby(
                sorted(piece, key=lambda frame: frame.salience), key=lambda frame: frame.salience
            ):
                ids = Ids(tuple(frame.id for frame in frames))
                marked = Filter(self._shelf.owner, ids)
                self._shelf.backend.set_payload(marked, {SALIENCE: salience})

    def _drop(self, piece: Sequence[Frame], frames: Frames) -> None:
        """Drop frames, but for those that have become something else meanwhile."""
        owner = self._shelf.owner
        with self._shelf.held():
            points = self._shelf.backend.retrieve(
                [frame.id for frame in piece], owner=owner, payload=True, vectors=False
            )
            # A record that somebody wrote words on, tagged or superseded since is no frame now
            still = {
                point.id
                for point in points
                if frames.reason(point.payload, point.payload["modalities"]) is None
            }
            spared = {point.id for point in points} - still
            if still:
                self._editor.forget(Ids(tuple(still)))
        for frame in piece:
            frame.stays = frame.is_spared = frame.id in spared

    def _takes_more(self, most: int) -> bool:
        """Return whether a store in a folder takes more than a bound, as one that was cut short."""
        media = self._shelf.media
        used = 0 if media is None else media.bytes_used()
        return bool(self._shelf.backend.stats().get("bytes", 0) + used > most)


def _pieces(frames: Sequence[Frame]) -> list[Sequence[Frame]]:
    return [frames[start : start + PIECE] for start in range(0, len(frames), PIECE)]
