"""An encoder of your own: a function for each modality. This one knows only colours."""

import numpy as np
from PIL.ImageColor import getrgb

from sensorium.encoders import FunctionEncoder
from sensorium.memory import Memory
from sensorium.samples import sample, sample_names


def encode_pictures(pictures: list) -> list:  # the mean colour, relative to grey
    return [np.asarray(picture.picture()).mean(axis=(0, 1)) - 128 for picture in pictures]


def encode_texts(texts: list) -> list:  # the sum of the colours that the words name
    return [sum(np.array(getrgb(word)) - 128 for word in text.text.split()) for text in texts]


functions = {"image": encode_pictures, "text": encode_texts}
encoder = FunctionEncoder("colours", functions, dimension=3)
with Memory.open(":memory:", owner="rex", encoder=encoder, keep_media=False) as memory:
    for name in sample_names("photo"):
        memory.remember(sample(name), source=name)
    for words in ("skyblue", "olive gold", "saddlebrown"):
        print(words, *(hit.record.source for hit in memory.recall(words, limit=3)))
