"""The same names in many languages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sensorium.bench.data import OURS, translations
from sensorium.bench.figures import NOTHING, Figure, mean
from sensorium.bench.pool import Pool
from sensorium.bench.report import Table
from sensorium.errors import SensoriumError
from sensorium.percepts import Text

NOTE = (
    "25 names of photos, sounds and depth maps of our own samples, in each language; right if the "
    "first of its modality is the wanted one. Names: captions in English in place of signals. "
    "Chance: a random one of the modality. A language that the encoder refuses has no figure."
)
COLUMNS = ("language", "first hit right", "names", "chance")


def languages(pool: Pool) -> Table:
    """Measure names of our samples in sixteen languages."""
    places = {item.file: place for place, item in enumerate(pool.items) if item.package == OURS}
    rows: list[Sequence[str | Figure]] = []
    for language, names in translations().items():
        asked = {file: name for file, name in names.items() if file in places}
        try:
            vectors = pool.encoder.embed([Text(name) for name in asked.values()])
        except SensoriumError:
            rows.append((language, NOTHING, NOTHING, NOTHING))
            continue
        signals, captions, luck = [], [], []
        for vector, file in zip(vectors, asked, strict=True):
            wanted = places[file]
            among = [
                place
                for place in pool.of_modality(pool.items[wanted].modality)
                if pool.items[place].package == OURS
            ]
            first = among[int(pool.similarity(vector[None], among)[0].argmax())]
            caption = among[int((pool.captions[among] @ vector).argmax())]
            signals.append(float(first == wanted))
            captions.append(float(caption == wanted))
            luck.append(1 / len(among))
        chance = Figure(float(np.mean(luck))) if luck else NOTHING
        rows.append((language, mean(signals, pool.seed), mean(captions, pool.seed), chance))
    return Table("languages", "Languages", NOTE, COLUMNS, rows)
