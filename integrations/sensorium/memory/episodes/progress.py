"""How far the records of an owner were looked at, and the ways back to where that stood earlier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from typing_extensions import Self

from sensorium.memory.episodes.detection import Checkpoint, Detector, Observation
from sensorium.memory.episodes.observing import Centring
from sensorium.memory.episodes.seen import SeenRecords
from sensorium.qdrant.points import StoredPoint

STEP = 1_024  # records from one checkpoint to the next; far back there are fewer


@dataclass(frozen=True, eq=False)
class Progress:
    """What was seen, and the state of the detection.

    Attributes:
        detector: Cuts what was seen.
        seen: The records.
        centring: Means of the modalities.
        checkpoints: Earlier states of the detector, in order.
    """

    detector: Detector
    seen: SeenRecords
    centring: Centring
    checkpoints: list[Checkpoint] = field(default_factory=list)

    @classmethod
    def none(cls) -> Self:
        """Return the progress before the first record."""
        return cls(Detector(), SeenRecords(), Centring({}))

    def take(self, points: Sequence[StoredPoint]) -> None:
        """See the next points, in order of time."""
        seen, detector = self.seen, self.detector
        for point, rows in zip(points, self.centring.centred(points), strict=True):
            position = seen.add(point)
            count = len(seen) - 1
            passed = self.checkpoints[-1].count if self.checkpoints else 0
            if count - passed >= STEP and seen.at[count] > seen.at[count - 1]:
                self.checkpoints.append(detector.checkpoint())
                self.checkpoints[:] = thinned(self.checkpoints)
            detector.add(Observation(seen.at[count], rows, position))

    def ways_back(self) -> Iterator[Checkpoint]:
        """Yield the present state, then the earlier ones, the latest first."""
        if len(self.seen):
            yield self.detector.checkpoint()
        yield from self.checkpoints[::-1]

    def back_to(self, checkpoint: Checkpoint) -> None:
        """Forget what was seen after a checkpoint."""
        self.detector.back_to(checkpoint)
        self.seen.forget_from(checkpoint.count)
        self.checkpoints[:] = [each for each in self.checkpoints if each.count <= checkpoint.count]


def thinned(checkpoints: Sequence[Checkpoint]) -> list[Checkpoint]:
    """Keep the later checkpoints, and of the earlier ones the fewer the longer ago they are.

    To go back by a number of records, about twice as many are seen again; of a million records
    there are some twenty checkpoints.
    """
    now = checkpoints[-1].count // STEP
    kept: dict[tuple[int, int], Checkpoint] = {}
    for each in checkpoints:
        ago = now - each.count // STEP
        width = 1 << max(0, ago.bit_length() - 2)
        kept.setdefault((width, each.count // STEP // width), each)
    return list(kept.values())
