"""The most telling moments of an episode: the typical one of each sense, then the most unlike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]


def evenly(count: int, most: int) -> list[int]:
    """Return at most `most` indices of `count`, evenly spaced, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted({round(each) for each in np.linspace(0, count - 1, most).tolist()})


def telling(records: Sequence[Mapping[str, Row]], count: int) -> list[int]:
    """Choose the records that tell most of an episode.

    First comes, for each modality, the more frequent first, the record nearest to their mean; then
    those that are least like any that was chosen.

    Args:
        records: Rows of each record by modality, `(D,)` float32; some may have none.
        count: How many to choose.
    Returns:
        Indices of the records, in order of time.
    """
    frequent = [
        name for name, _ in Counter(name for rows in records for name in rows).most_common()
    ]
    chosen: dict[int, None] = {}
    for name in frequent:
        indices = [index for index, rows in enumerate(records) if name in rows]
        block = np.stack([records[index][name] for index in indices])
        chosen[indices[int((block @ block.mean(axis=0)).argmax())]] = None
        if len(chosen) >= count:
            break
    for name in frequent:
        while len(chosen) < count and (other := _least_like(records, name, chosen)) is not None:
            chosen[other] = None
    for index in evenly(len(records), count):  # records without vectors
        if len(chosen) < count:
            chosen[index] = None
    return sorted(chosen)


def _least_like(
    records: Sequence[Mapping[str, Row]], name: str, chosen: Mapping[int, None]
) -> int | None:
    """Return the record of a modality that is least like the chosen ones, if one is left."""
    left = [i for i, rows in enumerate(records) if name in rows and i not in chosen]
    if not left:
        return None
    block = np.stack([records[index][name] for index in left])
    known = np.stack([records[i][name] for i in chosen if name in records[i]] or [block[0]])
    return left[int((block @ known.T).max(axis=1).argmin())]
