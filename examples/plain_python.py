"""A day of an agent, in plain Python: remember, recall across senses, update, forget, export.

Nothing is downloaded. Some samples are training data of sensorium-mini, so this shows how to use a
memory, not how well it recognises things. The export needs `pip install "sensorium[export]"`.
"""

import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sensorium.memory import Hit, Memory, Moment
from sensorium.samples import sample

MORNING = datetime(2026, 7, 1, 7, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def show(question: str, hits: list[Hit]) -> None:
    """Print the hits of a question."""
    print(f"\n{question}" + ("" if hits else ": nothing fits"))
    for hit in hits:
        name = hit.record.text or hit.record.source
        stretch = f" {hit.span.start:.0f} to {hit.span.end:.0f} s" if hit.span else ""
        matched = hit.modality + (stretch if hit.modality in ("audio", "imu") else "")
        confidence = f"confidence {hit.confidence:.2f}" if hit.confidence is not None else ""
        print(f"  {hit.record.at:%H:%M}  {matched:15} {confidence}  {name}")


def remember_the_day(memory: Memory) -> None:
    """Keep a moment of a picture, a sound and a text, then six moments in one call."""
    memory.remember(
        sample("photo_dog"),
        sample("sound_dog_bark"),
        text="Rex barks at the postman",
        at=MORNING,
        tags=["dog"],
        metadata={"room": "garden"},
    )
    # For files of your own: IMU("jog.csv", accel="m/s^2", gyro="rad/s"), Audio("rain.ogg"), ...
    jog, rain, visitor = sample("imu_jogging"), sample("sound_rain"), sample("thermal_person")
    mug, pizza = sample("depth_mug"), sample("photo_pizza")
    report = memory.remember_many(
        [
            Moment(jog, at=MORNING + HOUR, source="watch"),
            Moment(rain, at=MORNING + 2 * HOUR, source="microphone"),
            Moment(visitor, at=MORNING + 3 * HOUR, source="doorbell"),
            Moment(mug, at=MORNING + 4 * HOUR, source="robot", metadata={"room": "kitchen"}),
            Moment(pizza, at=MORNING + 5 * HOUR, source="phone"),
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
            bark = sample("sound_dog_bark")
            pictures = memory.recall(bark, modalities=["image"], limit=1)
            show("a sound finds a picture: a bark", pictures)
            since = MORNING + HOUR / 2
            show(
                "motion after 07:30: somebody jogging",
                memory.recall("jogging", modalities=["imu"], since=since, limit=1),
            )
            show("by keyword: plumber", memory.recall(keywords="plumber", limit=1))
            show("a volcano", memory.recall("a volcano erupting", min_confidence=0.5))

            todo = memory.recall(keywords="plumber")[0].record
            memory.update(todo.id, text="the plumber is paid", tags=["done"])
            forgotten = memory.forget(where={"room": "kitchen"})
            print(f"\nforgot {forgotten}; {memory.count()} left, tagged {memory.tally('tags')}")
            memory.export(Path(folder) / "export")

        with Memory.open(":memory:", owner="rex") as copy:
            copy.import_(Path(folder) / "export")
            hit = copy.recall("a dog barks", limit=1)[0]
            percepts = [type(percept).__name__ for percept in copy.percepts(hit)]
            print(f"in the copy: {hit.record.text!r}, with its {', '.join(percepts)}")


if __name__ == "__main__":
    main()
