"""Where a memory lies in the space, one direction a modality."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensorium.encoders import normalise
from sensorium.errors import RequestError
from sensorium.memory import Memory
from sensorium.memory.layout.lookup import find_record
from sensorium.memory.layout.parts import rows_of


def directions(memory: Memory, name: str) -> dict[str, NDArray[np.float32]]:
    """Return the mean vector `(D,)` of each modality of a record, of unit length.

    Raises:
        RecordNotFoundError: There is no such record.
        RequestError: It has no vectors.
    """
    shared = memory.shared
    main = find_record(memory.backend, memory.owner, name, vectors=True, shared=shared)
    rows = rows_of(memory.backend, memory.owner, main, shared=shared)
    if not rows:
        raise RequestError(
            "a memory without vectors", "one that can be compared", "choose another one"
        )
    return {
        modality: normalise(np.asarray(stack).mean(axis=0))
        for modality, stack in sorted(rows.items())
    }
