"""A day of one agent, in plain Python: remember, recall by any sense, change, forget, take along.

Nothing is downloaded. Some of the samples are training data of sensorium-mini: this shows how a
memory is used, not how well things are recognised.
"""

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sensorium.memory import Hit, Memory, Moment
from sensorium.percepts import IMU, Audio, Depth, Image, Thermal
from sensorium.samples import FOLDER as MEDIA

MORNING = datetime(2026, 7, 1, 7, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def show(question: str, hits: list[Hit]) -> None:
    print(f"\n{question}" + ("" if hits else ": nothing fits"))
    for hit in hits:
        name = hit.record.text or hit.record.source
        stretch = f" {hit.span.start:.0f} to {hit.span.end:.0f} s" if hit.span else ""
        sense = hit.modality + (stretch if hit.modality in ("audio", "imu") else "")
        sure = f"sure {hit.confidence:.2f}" if hit.confidence is not None else ""
        print(f"  {hit.record.at:%H:%M}  {sense:15} {sure}  {name}")


def remember_the_day(memory: Memory) -> None:
    memory.remember(
        *(Image(MEDIA / "photo_dog.jpg"), Audio(MEDIA / "sound_dog_bark.ogg")),
        text="Rex barks at the postman",
        at=MORNING,
        tags=["dog"],
        metadata={"room": "garden"},
    )
    heat = Thermal(MEDIA / "thermal_person.jpg", unit="white-hot", palette="spectra")
    mug = Depth(MEDIA / "depth_mug.png", unit="mm", fx=120)
    jog = IMU(MEDIA / "imu_jogging.npz", accel="m/s^2", gyro="rad/s")
    report = memory.remember_many(
        [
            Moment(jog, at=MORNING + HOUR, source="watch"),
            Moment(Audio(MEDIA / "sound_rain.ogg"), at=MORNING + 2 * HOUR, source="microphone"),
            Moment(heat, at=MORNING + 3 * HOUR, source="doorbell"),
            Moment(mug, at=MORNING + 4 * HOUR, source="robot", metadata={"room": "kitchen"}),
            Moment(Image(MEDIA / "photo_pizza.jpg"), at=MORNING + 5 * HOUR, source="phone"),
            Moment(text="pay the plumber by Friday", at=MORNING + 6 * HOUR, tags=["todo"]),
        ]
    )
    report.raise_first()
    print(f"remembered {memory.count()} moments")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        with Memory.open(Path(folder) / "memory", owner="rex") as memory:
            remember_the_day(memory)
            show("words find a sound: rain falling", memory.recall("rain falling", limit=1))
            bark = Audio(MEDIA / "sound_dog_bark.ogg")
            pictures = memory.recall(bark, modalities=["image"], limit=1)
            show("a sound finds a picture: a bark", pictures)
            since = MORNING + HOUR / 2
            show(
                "felt after 07:30: somebody jogging",
                memory.recall("jogging", modalities=["imu"], since=since, limit=1),
            )
            show("by its words: plumber", memory.recall(keywords="plumber", limit=1))
            show("a volcano", memory.recall("a volcano erupting", min_confidence=0.5))

            todo = memory.recall(keywords="plumber")[0].record
            memory.update(todo.id, text="the plumber is paid", tags=["done"])
            gone = memory.forget(where={"room": "kitchen"})
            print(f"\nforgot {gone}; {memory.count()} left, tagged {memory.tally('tags')}")
            memory.export(Path(folder) / "export")

        with Memory.open(":memory:", owner="rex") as copy:
            copy.import_(Path(folder) / "export")
            hit = copy.recall("a dog barks", limit=1)[0]
            senses = [type(percept).__name__ for percept in copy.percepts(hit)]
            print(f"elsewhere: {hit.record.text!r}, with its {', '.join(senses)}")


if __name__ == "__main__":
    main()
