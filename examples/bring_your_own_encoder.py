"""Your own encoder: a function for each sense. This one knows colours, and nothing else."""

import numpy as np
from PIL.ImageColor import getrgb

from sensorium.encoders import FunctionEncoder
from sensorium.memory import Memory
from sensorium.samples import sample, sample_names


def seen(pictures: list) -> list:  # the mean colour, away from grey
    return [np.asarray(picture.picture()).mean(axis=(0, 1)) - 128 for picture in pictures]


def said(texts: list) -> list:  # the colours that the words name, added up
    return [sum(np.array(getrgb(word)) - 128 for word in text.text.split()) for text in texts]


encoder = FunctionEncoder("colours", {"image": seen, "text": said}, dimension=3)
with Memory.open(":memory:", owner="rex", encoder=encoder, keep_media=False) as memory:
    for name in sample_names("photo"):
        memory.remember(sample(name), source=name)
    for words in ("skyblue", "olive gold", "saddlebrown"):
        print(words, *(hit.record.source for hit in memory.recall(words, limit=3)))
