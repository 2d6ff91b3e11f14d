"""What restricts a call: every method that takes filters takes the same, and refuses the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from tests.support.planted import PlantedEncoder, picture

from sensorium.errors import FilterError, QueryError, RecordError
from sensorium.memory import Filters, Memory
from sensorium.memory.filters import conditions, older
from sensorium.qdrant import Either, Equal, Every, Filter, OneOf, Present, Range, Words

NAIVE = datetime(2026, 5, 1, 12)  # no zone: that is the point
AWARE = NAIVE.replace(tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def shared() -> Iterator[Memory]:
    """A memory for calls that change nothing."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        memory.remember(picture("dog"), text="Rex", id="dog", tags=["t"])
        yield memory


def test_every_filter_is_a_condition() -> None:
    """All of them must hold; what goes on at `since` may have begun before."""
    filters: Filters = {
        "since": AWARE,
        "until": AWARE,
        "tags": ["a", "b"],
        "source": "s",
        "where": {"room": "kitchen"},
        "with_modalities": ["image"],
        "text_contains": "dog",
        "origins": ["person", "web"],
        "owners": ["ana"],
        "near": "home",
    }
    home = Equal("metadata.room", "home")  # in the place of what `near` is found to mean
    assert conditions("recall", filters, near=home) == Every(
        (
            Either((Range("at", gte=AWARE), Range("until", gte=AWARE))),
            Range("at", lt=AWARE),
            Equal("tags", "a"),
            Equal("tags", "b"),
            Equal("source", "s"),
            Equal("metadata.room", "kitchen"),
            OneOf("modalities", ("image",)),
            Words("page_content", "dog"),
            OneOf("provenance", ("person", "web")),
            OneOf("owner", ("ana",)),
            home,
        )
    )
    assert set(filters) == set(Filters.__annotations__)
    with pytest.raises(FilterError, match="leave near out"):
        conditions("density", filters)


def test_no_filter_is_no_condition() -> None:
    """And a single one stands for itself; `None` restricts nothing."""
    assert conditions("recall", {}) is None
    assert conditions("recall", {"since": None, "tags": None, "where": None}) is None
    assert conditions("recall", {"source": "s"}) == Equal("source", "s")


def test_an_age_that_goes_back_before_the_calendar_reaches_its_beginning() -> None:
    """Nothing is older than that, and no error is raised."""
    assert older(timedelta.max) == Range("at", lt=datetime.min.replace(tzinfo=timezone.utc))


WRONG: dict[str, tuple[Any, type[Exception]]] = {
    "a modality that does not exist": ({"with_modalities": ["smell"]}, QueryError),
    "letters as modalities": ({"with_modalities": "audio"}, QueryError),
    "a number as modalities": ({"with_modalities": 5}, QueryError),
    "a number as a source": ({"source": 5}, FilterError),
    "letters as owners": ({"owners": "ana"}, FilterError),
    "no owners": ({"owners": []}, FilterError),
    "a number as a time": ({"since": 5}, FilterError),
    "text as a time": ({"until": "2024"}, FilterError),
    "a naive time": ({"until": NAIVE}, FilterError),
    "a time before the calendar": (
        {"since": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5)))},
        FilterError,
    ),
}


@pytest.mark.parametrize(("filters", "error"), WRONG.values(), ids=WRONG)
def test_filters_of_the_wrong_kind_are_refused(filters: Any, error: type[Exception]) -> None:
    """They would find nothing, without a word."""
    with pytest.raises(error):
        conditions("recall", filters)


WRONG_FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"since": NAIVE}, "naive"),
    ({"until": NAIVE}, "naive"),
    ({"since": "yesterday"}, "yesterday"),
    ({"tags": "t"}, "tags"),
    ({"tags": [1]}, "tag"),
    ({"source": ["a"]}, "source"),
    ({"where": ["room"]}, "where"),
    ({"where": {"t": AWARE}}, "metadata.t"),
    ({"where": {"n": None}}, "metadata.n"),
    ({"text_contains": " "}, "words"),
    ({"with_modalities": "audio"}, "with_modalities"),
    ({"where": {"room": {"topic": "a"}}}, "metadata.room"),
]
ON_A_BARE_KEY: dict[str, Callable[[Memory], object]] = {
    "recall": lambda memory: memory.recall("dog", where=~Equal("topic", "old")),
    "timeline": lambda memory: memory.timeline(where=Range("n", gt=3)),
    "count": lambda memory: memory.count(where=~Present("topic")),
    "tally": lambda memory: memory.tally("tags", where=Equal("topic", "old")),
    "forget": lambda memory: memory.forget(where=~Equal("topic", "old")),
    "a condition in a dictionary": lambda memory: memory.forget(where={"n": Equal("n", 1)}),
    "raw": lambda memory: memory.backend.delete(Filter("rex", ~OneOf("topic", ("old",)))),
}


@pytest.mark.parametrize("call", ON_A_BARE_KEY.values(), ids=ON_A_BARE_KEY)
def test_a_condition_on_a_key_that_no_record_has_is_refused_everywhere(
    shared: Memory, call: Callable[[Memory], object]
) -> None:
    """It would hold for nothing, and its opposite for everything, which forget would remove."""
    with pytest.raises(FilterError, match=r'write "metadata\.'):
        call(shared)
    assert shared.count() == 1


@pytest.mark.parametrize(("restricted", "word"), WRONG_FILTERS)
def test_a_filter_that_means_nothing_is_refused(
    shared: Memory, restricted: dict[str, Any], word: str
) -> None:
    """By every method that takes one: above all, forget removes nothing."""
    calls: list[Callable[..., object]] = [
        lambda **filters: shared.recall("dog", **filters),
        shared.timeline,
        shared.count,
        shared.forget,
        lambda **filters: shared.forget(everything=True, **filters),
    ]
    for call in calls:
        with pytest.raises((FilterError, QueryError, RecordError)) as caught:
            call(**restricted)
        assert word in str(caught.value)
    assert shared.count() == 1


@pytest.mark.parametrize("method", ["recall", "timeline", "count", "tally", "forget"])
def test_a_keyword_that_is_not_a_filter_is_refused_by_the_method_called(
    shared: Memory, method: str
) -> None:
    """Python's own error names the method, not what it calls, and lists its filters."""
    arguments = ["tags"] if method == "tally" else []
    with pytest.raises(
        TypeError, match=rf"^{method}\(\) got an unexpected .*'foo'; .*since, until"
    ):
        getattr(shared, method)(*arguments, foo=1)
    assert shared.count() == 1
