"""Times in the words of a question, in twelve languages: each answer is planted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.errors import QueryError
from sensorium.memory.times import read_times

NOW = datetime(2026, 7, 15, 14, 30, tzinfo=timezone(timedelta(hours=2)))  # a Wednesday
YESTERDAY = ("2026-07-14", "2026-07-15")
MORNING = ("2026-07-14 05:00", "2026-07-14 12:00")
EVENING = ("2026-07-14 18:00", "2026-07-15")
LAST_WEEK = ("2026-07-06", "2026-07-13")
LAST_MONTH = ("2026-06-01", "2026-07-01")
LAST_YEAR = ("2025-01-01", "2026-01-01")
SUMMER = ("2025-06-01", "2025-09-01")
MONDAY = ("2026-07-13", "2026-07-14")
MONDAY_EVENING = ("2026-07-13 18:00", "2026-07-14")
THREE_DAYS = ("2026-07-12", "2026-07-13")
TWO_WEEKS = ("2026-07-01 14:30", "2026-07-15 14:30")
MAY_2024 = ("2024-05-01", "2024-06-01")
YEAR_2019 = ("2019-01-01", "2020-01-01")
SINCE_MARCH = ("2026-03-01", None)
THIRD_OF_MAY = ("2024-05-03", "2024-05-04")

# The question, what is left of it, since when, until when
READ: dict[str, list[tuple[str, str, tuple[str | None, str | None]]]] = {
    "en": [
        ("what did I see yesterday morning?", "what did I see?", MORNING),
        ("the dog last summer", "the dog", SUMMER),
        ("photos between two and three", "photos", ("2026-07-15 14:00", "2026-07-15 15:00")),
        ("photos between 2 and 3 pm yesterday", "photos", ("2026-07-14 14:00", "2026-07-14 15:00")),
        ("birds in May 2024", "birds", MAY_2024),
        ("what did I hear last week", "what did I hear", LAST_WEEK),
        ("last month's walk", "walk", LAST_MONTH),
        ("the meeting on Monday", "the meeting", MONDAY),
        ("the meeting last Wednesday", "the meeting", ("2026-07-08", "2026-07-09")),
        ("what was said 3 days ago", "what was said", THREE_DAYS),
        ("what was said three days ago", "what was said", THREE_DAYS),
        ("photos from 2019", "photos", YEAR_2019),
        ("the walk this evening", "the walk", ("2026-07-15 18:00", "2026-07-16")),
        ("noises last night", "noises", ("2026-07-14 20:00", "2026-07-15 06:00")),
        ("birds between 10 and 12 June", "birds", ("2026-06-10", "2026-06-13")),
        ("everything since March", "everything", SINCE_MARCH),
        ("before 2020", "before 2020", (None, "2020-01-01")),
        ("the talk at 3 pm", "the talk", ("2026-07-14 15:00", "2026-07-14 16:00")),
        ("the talk yesterday at 10:15", "the talk", ("2026-07-14 10:15", "2026-07-14 11:15")),
        ("in the last two weeks, a dog", "a dog", TWO_WEEKS),
        ("a cake on 3 May 2024", "a cake", THIRD_OF_MAY),
        ("a cake on May 3rd, 2024", "a cake", THIRD_OF_MAY),
        ("a cake on 2024-05-03", "a cake", THIRD_OF_MAY),
        ("a cake on Friday, 3 May 2024", "a cake", THIRD_OF_MAY),
        ("a cake on Friday the 3rd of May 2024", "a cake", THIRD_OF_MAY),
        ("from May to June", "from May to June", ("2026-05-01", "2026-07-01")),
        ("today", "today", ("2026-07-15", "2026-07-16")),
        ("a storm in the summer of 2019", "a storm", ("2019-06-01", "2019-09-01")),
        ("last year in May", "last year in May", ("2025-05-01", "2025-06-01")),
        (
            "the morning of 3 May 2024",
            "the morning of 3 May 2024",
            ("2024-05-03 05:00", "2024-05-03 12:00"),
        ),
        (
            "the sound I heard an hour ago",
            "the sound I heard",
            ("2026-07-15 13:00", "2026-07-15 14:00"),
        ),
        (
            "pictures taken in the afternoon of June 5",
            "pictures taken",
            ("2026-06-05 12:00", "2026-06-05 18:00"),
        ),
        ("what happened after 5 pm", "what happened", ("2026-07-14 17:00", None)),
        ("anything until yesterday", "anything", (None, "2026-07-15")),
        ("who visited between Monday and Wednesday", "who visited", ("2026-07-13", "2026-07-16")),
        ("a party in the past year", "a party", ("2025-07-15 14:30", "2026-07-15 14:30")),
        ("in winter 2023", "in winter 2023", ("2023-12-01", "2024-03-01")),
        ("a storm in Summer 2019", "a storm", ("2019-06-01", "2019-09-01")),
        ("Yesterday morning, what did I see?", "what did I see?", MORNING),
        ("NOISES LAST NIGHT", "NOISES", ("2026-07-14 20:00", "2026-07-15 06:00")),
        ("a walk over the last two weeks", "a walk", TWO_WEEKS),
        ("Saturday Night Live last week", "Saturday Night Live", LAST_WEEK),
        ("who came Monday evening with Ann", "who came with Ann", MONDAY_EVENING),
        ("a talk on Monday Evening", "a talk", MONDAY_EVENING),
    ],
    "de": [
        ("was habe ich gestern Morgen gesehen", "was habe ich gesehen", MORNING),
        ("der Hund letzten Sommer", "der Hund", SUMMER),
        ("was war letzte Woche", "was war", LAST_WEEK),
        ("Fotos von vor drei Tagen", "Fotos", THREE_DAYS),
        ("das Treffen am Montag", "das Treffen", MONDAY),
        ("Vögel im Mai 2024", "Vögel", MAY_2024),
        ("alles seit März", "alles", SINCE_MARCH),
        ("gestern Abend ein Hund", "ein Hund", EVENING),
        ("Fotos aus den letzten zwei Wochen", "Fotos aus", TWO_WEEKS),
        ("Kuchen am 3. Mai 2024", "Kuchen", THIRD_OF_MAY),
        ("Kuchen am 03.05.2024", "Kuchen", THIRD_OF_MAY),
        (
            "zwischen 14 und 15 Uhr ein Gewitter",
            "ein Gewitter",
            ("2026-07-15 14:00", "2026-07-15 15:00"),
        ),
        (
            "Wer war heute früh an der Tür",
            "Wer war an der Tür",
            ("2026-07-15 05:00", "2026-07-15 12:00"),
        ),
    ],
    "fr": [
        ("les photos d'hier matin", "les photos", MORNING),
        ("le chien l'été dernier", "le chien", SUMMER),
        ("qu'ai-je vu la semaine dernière ?", "qu'ai-je vu?", LAST_WEEK),
        ("il y a 3 jours un chat", "un chat", THREE_DAYS),
        ("la réunion de lundi", "la réunion", MONDAY),
        ("des oiseaux en mai 2024", "des oiseaux", MAY_2024),
        ("depuis mars", "depuis mars", SINCE_MARCH),
        ("les 2 dernières semaines", "les 2 dernières semaines", TWO_WEEKS),
        ("un gâteau le 3 mai 2024", "un gâteau", THIRD_OF_MAY),
        ("il y a deux semaines un chat", "un chat", ("2026-06-29", "2026-07-06")),
    ],
    "es": [
        ("qué vi ayer por la mañana", "qué vi", MORNING),
        ("el perro el verano pasado", "el perro", SUMMER),
        ("fotos de la semana pasada", "fotos", LAST_WEEK),
        ("hace 3 días un gato", "un gato", THREE_DAYS),
        ("la reunión del lunes", "la reunión", MONDAY),
        ("pájaros en mayo de 2024", "pájaros", MAY_2024),
        ("todo desde marzo", "todo", SINCE_MARCH),
        ("un pastel el 3 de mayo de 2024", "un pastel", THIRD_OF_MAY),
        ("hace dos semanas un gato", "un gato", ("2026-06-29", "2026-07-06")),
    ],
    "it": [
        ("cosa ho visto ieri mattina", "cosa ho visto", MORNING),
        ("il cane l'estate scorsa", "il cane", SUMMER),
        ("le foto della settimana scorsa", "le foto", LAST_WEEK),
        ("un gatto 3 giorni fa", "un gatto", THREE_DAYS),
        ("uccelli nel maggio 2024", "uccelli", MAY_2024),
        ("la riunione di lunedì", "la riunione", MONDAY),
        ("un gatto due settimane fa", "un gatto", ("2026-06-29", "2026-07-06")),
    ],
    "pt": [
        ("o que vi ontem de manhã", "o que vi", MORNING),
        ("o cão no verão passado", "o cão", SUMMER),
        ("fotos da semana passada", "fotos", LAST_WEEK),
        ("há 3 dias um gato", "um gato", THREE_DAYS),
        ("pássaros em maio de 2024", "pássaros", MAY_2024),
        ("a reunião de segunda-feira", "a reunião", MONDAY),
        ("um gato há duas semanas", "um gato", ("2026-06-29", "2026-07-06")),
    ],
    "nl": [
        ("wat heb ik gisterochtend gezien", "wat heb ik gezien", MORNING),
        ("de hond vorige zomer", "de hond", SUMMER),
        ("foto's van vorige week", "foto's", LAST_WEEK),
        ("een kat 3 dagen geleden", "een kat", THREE_DAYS),
        ("vogels in mei 2024", "vogels", MAY_2024),
        ("de vergadering op maandag", "de vergadering", MONDAY),
        ("een kat twee weken geleden", "een kat", ("2026-06-29", "2026-07-06")),
    ],
    "ru": [
        ("что я видел вчера утром", "что я видел", MORNING),
        ("собака прошлым летом", "собака", SUMMER),
        ("фото на прошлой неделе", "фото", LAST_WEEK),
        ("кошка 3 дня назад", "кошка", THREE_DAYS),
        ("птицы в мае 2024", "птицы", MAY_2024),
        ("встреча в понедельник", "встреча", MONDAY),
        ("кошка две недели назад", "кошка", ("2026-06-29", "2026-07-06")),
    ],
    "ar": [
        ("ماذا رأيت أمس صباحا", "ماذا رأيت", MORNING),
        ("الكلب الصيف الماضي", "الكلب", SUMMER),
        ("صور من الأسبوع الماضي", "صور", LAST_WEEK),
        ("قطة قبل 3 أيام", "قطة", THREE_DAYS),
        ("طيور في مايو 2024", "طيور", MAY_2024),
        ("قطة هذا الصباح", "قطة", ("2026-07-15 05:00", "2026-07-15 12:00")),
    ],
    "hi": [
        ("मैंने कल सुबह क्या देखा", "मैंने क्या देखा", MORNING),
        ("पिछली गर्मियों में कुत्ता", "कुत्ता", SUMMER),
        ("3 दिन पहले बिल्ली", "बिल्ली", THREE_DAYS),
        ("पिछला सप्ताह", "पिछला सप्ताह", LAST_WEEK),
        ("मई 2024 में पक्षी", "पक्षी", MAY_2024),
        ("दो सप्ताह पहले", "दो सप्ताह पहले", ("2026-06-29", "2026-07-06")),
    ],
    "zh": [
        ("昨天早上的狗", "狗", MORNING),
        ("上周看到了什么", "看到了什么", LAST_WEEK),
        ("去年夏天的狗", "狗", SUMMER),
        ("三天前的猫", "猫", THREE_DAYS),
        ("2024年5月的鸟", "鸟", MAY_2024),
        ("2024年5月3日的蛋糕", "蛋糕", THIRD_OF_MAY),
        ("周一的会议", "会议", MONDAY),
        ("昨晚的声音", "声音", EVENING),
        ("2019年的照片", "照片", YEAR_2019),
        ("昨天下午三点的会议", "会议", ("2026-07-14 15:00", "2026-07-14 16:00")),
        ("两周前的照片", "照片", ("2026-06-29", "2026-07-06")),
    ],
    "ja": [
        ("昨日の朝に見た犬", "見た犬", MORNING),
        ("去年の夏の犬", "犬", SUMMER),
        ("先週の写真", "写真", LAST_WEEK),
        ("3日前の猫", "猫", THREE_DAYS),
        ("2024年5月の鳥", "鳥", MAY_2024),
        ("月曜日の会議", "会議", MONDAY),
        ("3月から", "3月から", SINCE_MARCH),
        ("先週の金曜日の写真", "写真", ("2026-07-10", "2026-07-11")),
    ],
}
WORDS = sorted(
    {word for rows in READ.values() for question, *_ in rows for word in question.split()}
)
NOT_READ = [
    "my sunday shoes",
    "Wednesday Addams",
    "the sunday times newspaper",
    "more cats than yesterday",
    "a song called Yesterday",
    "dogs in 2023 or 2024",
    "toda segunda-feira",
    "Hunde im Mai oder Juni",
    "may I see the sun",
    "the march of the penguins",
    "a second hand of a clock",
    "three trees between two and three houses",
    "a photo of spring flowers",
    "the year of the dragon",
    "was ist hier auf dem Bild",
    "who is coming tomorrow",
    "a room with 2019 chairs",
    "the fall of the leaves",
    "5 dogs",
    "the fourth of the four cats",
    "Friday the 13th",
    *("photos of the last week of May", "photos of the last week of last year"),
    *("half an hour ago", "a quarter of an hour ago", "1.5 hours ago", "1/2 hour ago"),
    *("more than a year ago", "less than a week ago", "not on Monday", "every Monday"),
    *("il y a un an et demi", "hace un año y medio", "1.5小时前", "3時間半前"),
    *("over two years ago", "photos of almost a year ago", "at least a month ago"),
    *("quasi due anni fa", "bijna twee jaar geleden", "почти год назад", "近两年前"),
    *("Friday Night Lights", "who watched friday night lights", "Saturday Night Fever"),
    *("Last Night in Soho", "The Tonight Show", "the film Last Summer", "la chanson Hier"),
    *("jeden Montag", "chaque lundi", "cada lunes", "ogni lunedì", "elke maandag"),
    *("каждый понедельник", "每星期一", "हर सोमवार", "كل يوم الاثنين"),
    "une tarte aux pommes",
    "春天的花",
    "",
    "¿?",
    "\ud800 yesterd",
    "9" * 3000,
]


def bound(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=NOW.tzinfo) if text else None


@pytest.mark.parametrize("language", READ)
def test_times_of_a_question_limit_it(language: str) -> None:
    """Words of a time become bounds, and leave the question."""
    wrong = []
    for question, rest, (since, until) in READ[language]:
        read = read_times(question, now=NOW)
        found = read and (read.language, read.text, read.since, read.until)
        if found != (language, rest, bound(since), bound(until)):
            wrong.append((question, read))
    assert wrong == []


@pytest.mark.parametrize("question", NOT_READ)
def test_what_only_looks_like_a_time_is_left_alone(question: str) -> None:
    """The words of times have other meanings; the future is in no memory."""
    assert read_times(question, now=NOW) is None


def test_the_clock_of_this_machine_is_the_present() -> None:
    """Without `now`, bounds are local days with their zone."""
    read = read_times("what did I hear today")
    assert read is not None
    assert read.since is not None
    assert read.until is not None
    assert read.since <= datetime.now().astimezone() < read.until
    assert read.since.hour == 0


def test_a_present_without_a_zone_is_refused() -> None:
    """It could be meant anywhere."""
    with pytest.raises(QueryError, match="a time with its zone"):
        read_times("yesterday", now=NOW.replace(tzinfo=None))
    with pytest.raises(QueryError, match="some of en, de"):
        read_times("yesterday", languages=["xx"])


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(
            [*["0", "1", "31", "12:70", "99", "2019", "1900", "，", "'", "'s的の"], *WORDS]
        ),
        max_size=8,
    )
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_asked_is_answered(words: list[str]) -> None:
    """Words of times in any order give bounds in order, or none."""
    for joint in (" ", ""):
        read = read_times(joint.join(words), now=NOW)
        if read is not None and read.since is not None and read.until is not None:
            assert read.since < read.until
            assert read.words
