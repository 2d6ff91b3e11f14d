"""Filters of other stores mean here what they mean there: compared with plain Python."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding
from qdrant_client import models
from tests.support.langchain_stores import SIX, opened
from tests.support.operators import operators_of
from tests.support.planted import PlantedEncoder, picture, sound

from sensorium.errors import FilterError, QueryError
from sensorium.langchain import SensoriumRetriever, SensoriumVectorStore
from sensorium.langchain.filters import condition_of
from sensorium.memory import Memory
from sensorium.qdrant import Equal

SMALL: list[Any] = [0, 1, 2, 3, 1.5, -1, True, False, "red", "blue", ""]
FIELDS = ("a", "b", "c.d")


def documents() -> list[dict[str, Any]]:
    """Metadata with every small value, lists of them, and without a key."""
    made: list[dict[str, Any]] = [{}]
    for place, value in enumerate(SMALL):
        other = SMALL[-place]
        made += [{"a": value}, {"a": value, "b": other}, {"c": {"d": value}, "b": [value, other]}]
        made += [{"a": [value, 3], "c": {"d": other}}, {"b": other, "c": {"e": value}}]
    return made


DOCUMENTS = documents()


@pytest.fixture(scope="module", params=["memory", "edge"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SensoriumVectorStore]:
    with opened(request.param, tmp_path_factory.mktemp("store")) as made:
        texts = [f"note {number}" for number in range(len(DOCUMENTS))]
        made.add_texts(texts, DOCUMENTS, ids=[str(number) for number in range(len(texts))])
        yield made


def same(one: Any, other: Any) -> bool:
    """Whether two scalars are equal: truth values are no numbers."""
    alike = type(one) is type(other) or (number(one) and number(other))
    return alike and bool(one == other)


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def values(metadata: dict[str, Any], field: str) -> list[Any]:
    """The values of a field: of a list, each of them."""
    found: Any = metadata
    for key in field.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return [] if found is None else found if isinstance(found, list) else [found]


BOUNDS = {
    "$gt": lambda one, other: one > other,
    "$gte": lambda one, other: one >= other,
    "$lt": lambda one, other: one < other,
    "$lte": lambda one, other: one <= other,
}


def field_holds(found: list[Any], wanted: Any) -> bool:
    """What operators of one field mean; bounds belong together, for one of the values."""
    if isinstance(wanted, list):
        return any(same(value, one) for value in found for one in wanted)
    if not isinstance(wanted, dict):
        return any(same(value, wanted) for value in found)
    wanted = dict(wanted)
    bounds = {name: wanted.pop(name) for name in BOUNDS if name in wanted}
    inside = not bounds or any(
        number(value) and all(BOUNDS[name](value, bound) for name, bound in bounds.items())
        for value in found
    )
    return inside and all(operator_holds(found, *item) for item in wanted.items())


def operator_holds(found: list[Any], name: str, operand: Any) -> bool:
    if name in ("$eq", "$in"):
        return field_holds(found, operand)
    if name in ("$ne", "$nin"):
        return not field_holds(found, operand)
    if name == "$between":
        return field_holds(found, {"$gte": operand[0], "$lte": operand[1]})
    if name == "$exists":
        return bool(found) is operand
    if name == "$not":
        return not field_holds(found, operand)
    parts = [field_holds(found, part) for part in operand]
    return all(parts) if name == "$and" else any(parts)


def holds(metadata: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """What a filter means: every entry of it holds."""
    for name, inner in wanted.items():
        if name in ("$and", "$or", "$not"):
            parts = [
                holds(metadata, part) for part in (inner if isinstance(inner, list) else [inner])
            ]
            held = {"$and": all(parts), "$or": any(parts), "$not": not any(parts)}[name]
        else:
            held = field_holds(values(metadata, name), inner)
        if not held:
            return False
    return True


def found(store: SensoriumVectorStore, wanted: Any) -> set[int]:
    limit = len(DOCUMENTS) + 1
    return {int(str(one.id)) for one in store.similarity_search("note", k=limit, filter=wanted)}


def meant(wanted: dict[str, Any]) -> set[int]:
    return {place for place, metadata in enumerate(DOCUMENTS) if holds(metadata, wanted)}


scalars = st.sampled_from(SMALL)
numbers = st.sampled_from([one for one in SMALL if number(one)])
several = st.lists(scalars, max_size=3)
pairs = st.lists(numbers, min_size=2, max_size=2)
operands = {
    **dict.fromkeys(("$eq", "$ne"), scalars),
    **dict.fromkeys(("$in", "$nin"), several),
    **dict.fromkeys(BOUNDS, numbers),
    "$between": pairs,
    "$exists": st.booleans(),
}
operators = operators_of(operands)
entries = st.dictionaries(
    st.sampled_from(FIELDS), scalars | several | operators, min_size=1, max_size=2
)
filters = st.recursive(
    entries,
    lambda inner: (
        st.dictionaries(
            st.sampled_from(["$and", "$or", "$not"]),
            st.lists(inner, min_size=1, max_size=3),
            min_size=1,
        )
        | st.fixed_dictionaries({"$not": inner})
        | st.tuples(inner, inner).map(lambda two: {**two[0], **two[1]})
    ),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(wanted=filters)
def test_a_filter_means_what_it_says(store: SensoriumVectorStore, wanted: dict[str, Any]) -> None:
    """Any tree of operators finds what plain Python chooses, in every engine."""
    assert found(store, wanted) == meant(wanted)


@pytest.mark.parametrize("lowest", ["$gt", "$gte"])
@pytest.mark.parametrize("highest", ["$lt", "$lte"])
def test_bounds_of_one_field_belong_together(
    store: SensoriumVectorStore, lowest: str, highest: str
) -> None:
    """For a list, one of its numbers is within them."""
    wanted = {"b": {lowest: 1, highest: 2}}
    assert found(store, wanted) == meant(wanted) != meant({"b": {highest: 2}})


def qdrant(wanted: dict[str, Any]) -> models.Filter:
    """The same filter in Qdrant's own words; only operators that it has."""
    must: list[Any] = []
    for name, inner in wanted.items():
        parts = inner if isinstance(inner, list) else [inner]
        if name == "$and":
            must += [qdrant(part) for part in parts]
        elif name == "$or":
            must.append(models.Filter(should=[qdrant(part) for part in parts]))
        elif name == "$not":
            must.append(models.Filter(must_not=[qdrant(part) for part in parts]))
        else:
            must += condition(f"metadata.{name}", inner)
    return models.Filter(must=must)


def condition(key: str, wanted: Any) -> list[Any]:
    if isinstance(wanted, list):
        return [models.FieldCondition(key=key, match=models.MatchAny(any=wanted))]
    if not isinstance(wanted, dict):
        return [models.FieldCondition(key=key, match=models.MatchValue(value=wanted))]
    bounds = {name[1:]: bound for name, bound in wanted.items()}
    return [models.FieldCondition(key=key, range=models.Range(**bounds))]


words = st.sampled_from(["red", "blue", ""])
whole = words | st.booleans() | st.sampled_from([0, 1, 2, 3])
bounded = st.dictionaries(st.sampled_from(list(BOUNDS)), numbers, min_size=1, max_size=2)
of_qdrant = st.recursive(
    st.dictionaries(
        st.sampled_from(FIELDS),
        whole | st.lists(words, min_size=1, max_size=2) | bounded,
        min_size=1,
        max_size=2,
    ),
    lambda inner: st.dictionaries(
        st.sampled_from(["$and", "$or", "$not"]),
        st.lists(inner, min_size=1, max_size=2),
        min_size=1,
    ),
    max_leaves=4,
)


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(wanted=of_qdrant)
def test_filters_of_qdrant_s_client_mean_the_same(
    store: SensoriumVectorStore, wanted: dict[str, Any]
) -> None:
    """`must`, `should` and `must_not` of matches, ranges and filters."""
    assert found(store, qdrant(wanted)) == meant(wanted)


def test_other_parts_of_qdrant_s_filters(store: SensoriumVectorStore) -> None:
    """One condition alone, empty fields and words that have no operator."""
    payload = models.PayloadField(key="metadata.a")
    empty = models.Filter(must=models.IsEmptyCondition(is_empty=payload))
    assert found(store, empty) == meant({"a": {"$exists": False}})
    given = models.FieldCondition(key="metadata.a", is_empty=False)
    assert found(store, models.Filter(must=[given])) == meant({"a": {"$exists": True}})
    text = models.FieldCondition(key="page_content", match=models.MatchValue(value="note 3"))
    assert found(store, models.Filter(must=[text])) == {3}


METADATA = models.FieldCondition(key="room", match=models.MatchValue(value="hall"))
EXCEPT = models.FieldCondition(key="metadata.a", match=models.MatchExcept(**{"except": ["x"]}))
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "a function": (lambda metadata: True, QueryError, "a function; .*ask for more documents"),
    "a text": ("room = 1", QueryError, "filter='room = 1'; needed a dictionary"),
    "a missing value": ({"a": None}, FilterError, r'"\$exists": False'),
    "an empty value": ({"a": {}}, FilterError, r'"\$exists"'),
    "an unknown operator": ({"a": {"$like": "x%"}}, FilterError, r"'\$like' as an operator of 'a'"),
    "operators and keys": ({"a": {"$gt": 1, "b": 2}}, FilterError, "'b' as an operator of 'a'"),
    "an operator as a field": ({"$gt": 3}, FilterError, r"write the field before the operator"),
    "an unknown join": ({"$nor": [{"a": 1}]}, FilterError, r"'\$nor' in the place of a field"),
    "no filters": ({"$and": []}, FilterError, "a list of filters, none of them empty"),
    "an empty one": ({"$or": [{}, {"a": 1}]}, FilterError, "none of them empty"),
    "one alone": ({"$or": {"a": 1}}, FilterError, r"write \{'\$or': \["),
    "no list": ({"a": {"$in": 1}}, FilterError, "a list of values"),
    "a list": ({"a": {"$eq": [1]}}, FilterError, r'"\$in"'),
    "three bounds": ({"a": {"$between": [1, 2, 3]}}, FilterError, "a list of two values"),
    "a word for truth": ({"a": {"$exists": "yes"}}, FilterError, "True or False"),
    "words as bounds": ({"a": {"$gt": "2024"}}, FilterError, "a number or an aware datetime"),
    "a bare key": (models.Filter(must=[METADATA]), FilterError, "write .*metadata.room"),
    "min_should": (
        models.Filter(min_should=models.MinShould(conditions=[METADATA], min_count=1)),
        FilterError,
        "write should",
    ),
    "other than": (models.Filter(must=[EXCEPT]), FilterError, "MatchAny within must_not"),
    "ids": (models.Filter(must=[models.HasIdCondition(has_id=[1])]), FilterError, "HasIdCondition"),
    "nothing within": (models.Filter(must=[models.Filter()]), FilterError, "leave it out"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_asked_is_refused(store: SensoriumVectorStore, kind: str) -> None:
    """In searches and deletions alike, with what to write."""
    wanted, error, message = REFUSED[kind]
    for method, question in (("similarity_search", ["note"]), ("delete", [])):
        with pytest.raises(error, match=message):
            getattr(store, method)(*question, filter=wanted)
    assert store.memory.count() == len(DOCUMENTS)


@pytest.mark.parametrize("nothing", [{}, models.Filter(), models.Filter(must=[])])
def test_a_filter_of_nothing_restricts_nothing(store: SensoriumVectorStore, nothing: Any) -> None:
    """It deletes nothing, either."""
    assert len(found(store, nothing)) == len(DOCUMENTS)
    with pytest.raises(QueryError, match="everything=True"):
        store.delete(filter=nothing)


def test_times_are_compared_as_times(store: SensoriumVectorStore) -> None:
    """Of a record, and of texts in ISO 8601 in the metadata."""
    embedding = DeterministicFakeEmbedding(size=SIX)
    noon = datetime(2026, 7, 1, 12, tzinfo=timezone.utc)
    with SensoriumVectorStore.open(embedding=embedding) as other:
        times = [{"when": "2026-07-01T10:00:00Z"}, {"when": "2026-07-01T16:00:00+02:00"}]
        other.add_texts(["early", "late"], times)
        for wanted, text in (({"$gt": noon}, "late"), ({"$lt": noon}, "early")):
            [document] = other.similarity_search("x", filter={"when": wanted})
            assert document.page_content == text


def test_what_documents_say_of_themselves_can_be_asked() -> None:
    """`modality`, `uri`, `mime_type` and `id` of pictures, unless the metadata has such a key."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder()) as memory:
        store = SensoriumVectorStore(memory)
        store.add_images(
            [picture("dog"), picture("sea")], [{}, {"modality": "mine"}], ids=["d", "s"]
        )
        store.add_audio([sound("dog")], ids=["a"])
        store.add_texts(["dog"], ids=["t"])
        noted = memory.remember(picture("moon")).id

        def ids(**wanted: Any) -> set[str]:
            return {str(one.id) for one in store.similarity_search("dog", k=9, filter=wanted)}

        assert ids(modality="image") == {"d", noted}
        assert ids(modality="mine") == {"s"}
        assert ids(modality=["audio", "text"]) == {"a", "t"}
        assert ids(modality={"$nin": ["image", "mine"]}) == {"a", "t"}
        assert ids(uri="planted:dog") == {"d", "a"}
        assert ids(mime_type={"$exists": True}) == {"d", "s", "a", noted}
        assert ids(id=[noted, "t"]) == {noted, "t"}
        retriever = SensoriumRetriever(memory=memory, k=9, filters={"where": {"modality": "audio"}})
        assert [one.id for one in retriever.invoke("dog")] == ["a"]


def test_conditions_may_stand_among_operators() -> None:
    """As before, and within joins."""
    given = condition_of({"$or": [Equal("tags", "x"), {"a": 1}]})
    assert given == Equal("tags", "x") | Equal("metadata.a", 1)
