"""Keywords are found in scripts that have no spaces between words, on both stores."""

from __future__ import annotations

import pytest
from tests.support.planted import picture
from tests.support.recalling import ids

from sensorium.memory import Memory
from sensorium.memory.recalling.unspaced import split_keywords

TEXTS = {
    "beach": "小狗在海滩上跑",
    "rain": "今天下雨了，我没带伞",
    "noodles": "我们在東京吃拉面",
    "inu": "犬が海辺を走っている",
    "ame": "昨日は雨が降った",
    "maa": "หมาวิ่งบนชายหาด",
    "fon": "วันนี้ฝนตก",
    "hund": "Der Hund läuft am Strand",
}


@pytest.mark.parametrize(
    ("keywords", "found"),
    [
        ("海滩", ["beach"]),
        ("雨", ["rain", "ame"]),
        ("東京", ["noodles"]),
        ("海辺", ["inu"]),
        ("走っている", ["inu"]),
        ("ชายหาด", ["maa"]),
        ("ฝน", ["fon"]),
        ("海滩 Strand", ["beach", "hund"]),
        ("雪", []),
    ],
)
def test_words_inside_sentences_are_found(memory: Memory, keywords: str, found: list[str]) -> None:
    """Of two letters or one, whole or in part, beside words of other scripts; and no others."""
    for name, text in TEXTS.items():
        memory.remember(picture(name), text=text, id=name)
    assert sorted(ids(memory.recall(keywords=keywords))) == sorted(found)


def test_the_record_with_more_of_the_words_is_first(memory: Memory) -> None:
    """By BM25: rarer groups of letters weigh more, shorter texts too; filters hold."""
    memory.remember(picture("a"), text="海边", id="half", tags=["sea"])
    memory.remember(picture("b"), text="我们去海滩看日落", id="all", tags=["sea"])
    memory.remember(picture("c"), text="山上的日落很美", id="sunset")
    assert ids(memory.recall(keywords="海滩日落"))[0] == "all"
    assert ids(memory.recall(keywords="日落", tags=["sea"])) == ["all"]
    assert memory.recall(keywords="海滩")[0].score == 1.0


def test_keywords_raise_what_a_question_finds(memory: Memory) -> None:
    """Of two that mean the same, the one that says the word is first."""
    memory.remember(picture("dog"), text="安静的花园里", id="said")
    memory.remember(picture("dog"), text="吵闹的街道上", id="unsaid")
    assert ids(memory.recall("dog", keywords="花园")) == ["said", "unsaid"]
    assert ids(memory.recall("dog", keywords="街道")) == ["unsaid", "said"]


def test_keywords_are_cut_into_groups_of_letters() -> None:
    """Pairs in Chinese and Japanese, groups of four in Thai; the rest is left to the index."""
    assert split_keywords("red 海滩上 car") == ("red car", ["海滩", "滩上"])
    assert split_keywords("雨") == ("", ["雨"])
    assert split_keywords("ชายหาด") == ("", ["ชายห", "ายหา", "ยหาด"])
    assert split_keywords("Strand 해변") == ("Strand 해변", [])
