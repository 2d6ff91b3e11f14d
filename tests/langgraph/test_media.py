"""Media in the values of items: found by any sense, given back to the letter."""

from __future__ import annotations

import base64
import json
import runpy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langgraph.store.base import PutOp
from qdrant_client import QdrantClient
from tests.support.golden_files import ROOT
from tests.support.langgraph_stores import tenant

from sensorium.encoders.probe import SENTENCE
from sensorium.errors import (
    BatchError,
    MediaDecodeError,
    MediaNotFoundError,
    PerceptError,
    SourceTypeError,
)
from sensorium.langgraph import SensoriumStore
from sensorium.langgraph.media import is_at, media_in, put_back, take_out, without
from sensorium.memory import Memory
from sensorium.mini import MiniEncoder, open_mini
from sensorium.samples import FOLDER as MEDIA

ROOM = ("room",)
UNITS = {"accel": "m/s^2", "gyro": "rad/s"}


def content(name: str) -> str:
    return base64.b64encode((MEDIA / name).read_bytes()).decode("ascii")


DOG = content("photo_dog.jpg")
BARK = content("sound_dog_bark.ogg")
PIANO = content("sound_piano.ogg")
WALK = content("imu_walking.npz")
PHOTO = {"type": "image", "base64": DOG, "mime_type": "image/jpeg"}
URI = f"data:image/jpeg;base64,{DOG}"
MOTION = {"type": "non_standard", "value": {"modality": "imu", "base64": WALK, **UNITS}}
OLD_PHOTO = {"type": "image", "source_type": "base64", "data": DOG, "mime_type": "image/jpeg"}
OPENAI_SOUND = {"type": "input_audio", "input_audio": {"data": BARK, "format": "ogg"}}


@pytest.fixture(scope="module")
def encoder() -> MiniEncoder:
    return open_mini()


@pytest.fixture(scope="module")
def edge(encoder: MiniEncoder) -> Iterator[Memory]:
    with Memory.open(":memory:", owner="nobody", encoder=encoder) as memory:
        yield memory


@pytest.fixture(scope="module")
def client(encoder: MiniEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    media = tmp_path_factory.mktemp("media")
    server = QdrantClient(":memory:")
    with Memory.open(server, owner="nobody", encoder=encoder, media=media) as memory:
        yield memory


@pytest.fixture(params=["edge", "client"])
def store(request: pytest.FixtureRequest) -> Iterator[SensoriumStore]:
    with tenant(request.getfixturevalue(request.param)) as opened:
        yield opened


@pytest.fixture
def light(edge: Memory) -> Iterator[SensoriumStore]:
    with tenant(edge) as opened:
        yield opened


def best(store: SensoriumStore, query: str) -> str:
    return store.search(ROOM, query=query, limit=1)[0].key


def test_media_are_found_by_every_sense(store: SensoriumStore) -> None:
    """Words, a picture or a sound find pictures, sounds and motions, which come back as put."""
    values: dict[str, dict[str, Any]] = {
        "dog": {"seen": PHOTO},
        "piano": {"heard": [{"type": "audio", "base64": PIANO, "mime_type": "audio/ogg"}]},
        "walk": {"felt": {"wrist": MOTION}},
        "note": {"text": "the tax report is due in April"},
    }
    store.batch([PutOp(ROOM, key, value) for key, value in values.items()])
    assert best(store, "a photo of a dog") == "dog"
    assert best(store, "barking") == "dog"
    assert best(store, f"data:audio/ogg;base64,{BARK}") == "dog"
    assert best(store, "the sound of a piano") == "piano"
    assert best(store, json.dumps(MOTION)) == "walk"
    assert best(store, "when are taxes due?") == "note"
    for key, value in values.items():
        item = store.get(ROOM, key)
        assert item is not None
        assert item.value == value
    assert {item.key: item.value for item in store.search(ROOM)} == values


def test_contents_are_kept_once_and_not_in_the_payload(light: SensoriumStore) -> None:
    """The record holds the value without base64; the media store holds the file, until deleted."""
    memory = light.memory
    light.put(
        ROOM, "dog", {"a": PHOTO, "b": [URI, OLD_PHOTO], "c": {"type": "text", "text": "Rex"}}
    )
    [record] = memory.timeline()
    assert len(json.dumps(dict(record.metadata))) < 2000
    assert record.text == '{"c": {"text": "Rex", "type": "text"}}'
    assert memory.stats()["media_bytes"] == (MEDIA / "photo_dog.jpg").stat().st_size
    light.put(ROOM, "dog", {"a": OPENAI_SOUND})
    assert memory.stats()["media_bytes"] == (MEDIA / "sound_dog_bark.ogg").stat().st_size
    light.delete(ROOM, "dog")
    assert memory.stats()["media_bytes"] == 0


def test_fields_decide_about_media_too(edge: Memory) -> None:
    """Only media at an indexed path are embedded; `index=False` hides all. Values stay whole."""
    value = {"text": "our dog", "photo": PHOTO, "album": {"pages": [URI, "data:text/plain,x"]}}
    with tenant(edge, index={"fields": ["text"]}) as store:
        for key, index, senses in [
            ("default", None, ("text",)),
            ("photo", ["photo"], ("image",)),
            ("album", ["text", "album.pages[0]"], ("image", "text")),
            ("beside", ["album.pages[1]"], ("text",)),
            ("all", ["$"], ("image", "text")),
            ("none", False, ()),
        ]:
            store.put(ROOM, key, value, index=index)  # type: ignore[arg-type]  # of several kinds
            item = store.get(ROOM, key)
            assert item is not None
            assert item.value == value
            [record] = [one for one in store.memory.timeline() if one.metadata["key"] == key]
            assert record.modalities == senses, key
        found = store.search(ROOM, query=URI)
        assert [item.key for item in found if item.score is None] == ["none"]


def test_a_memory_of_texts_keeps_media_as_they_are() -> None:
    """What the encoder has no sense for is neither embedded nor lost, nor embedded as base64."""
    seen = []

    def embed(texts: list[str]) -> list[list[float]]:
        seen.extend(texts)
        return [[1.0, float(len(text))] for text in texts]

    index: Any = {"dims": 2, "embed": embed}
    with SensoriumStore.open(index=index) as store:
        store.put(ROOM, "dog", {"seen": PHOTO, "text": "a dog"})
        item = store.get(ROOM, "dog")
        assert item is not None
        assert item.value == {"seen": PHOTO, "text": "a dog"}
    assert seen == [SENTENCE, '{"text": "a dog"}']  # the first when the store was opened


def test_nothing_is_read_that_a_value_only_names(light: SensoriumStore) -> None:
    """URLs, paths and provider's ids stay JSON: a value cannot make the store open a file."""
    value = {
        "a": {"type": "image", "url": "file:///etc/hostname"},
        "b": {"type": "image", "url": "https://example.com/dog.jpg"},
        "c": {"type": "image", "file_id": "file-1"},
        "d": {"type": "non_standard", "value": {"modality": "image", "path": "/etc/hostname"}},
        "g": {"type": "image", "data": "a table of figures"},
        "h": [{"type": "non_standard", "value": ["x"]}, {"type": ["image"]}, {"type": "audio"}],
        "i": {"type": "image_url", "image_url": "https://example.com/dog.jpg"},
        "e": "data:image/png is how a data: URI begins",
        "f": "data:image/svg+xml;base64,PHN2Zy8+",
    }
    light.put(ROOM, "k", value)
    item = light.get(ROOM, "k")
    assert item is not None
    assert item.value == value
    assert light.memory.timeline()[0].modalities == ("text",)


@pytest.mark.parametrize(
    ("medium", "error"),
    [
        ({"type": "image", "base64": "no base64!", "mime_type": "image/png"}, SourceTypeError),
        ({"type": "non_standard", "value": {"modality": "imu", "base64": WALK}}, PerceptError),
        ({"type": "image", "base64": DOG[:4000], "mime_type": "image/jpeg"}, MediaDecodeError),
    ],
)
def test_a_broken_medium_is_refused(light: SensoriumStore, medium: Any, error: type) -> None:
    """What says it is a medium, and cannot be one, fails its item with the reason."""
    with pytest.raises(error):
        light.put(ROOM, "broken", {"x": medium})
    with pytest.raises((error, BatchError)):
        light.search(ROOM, query=medium if isinstance(medium, str) else json.dumps(medium))
    assert light.search(ROOM) == []


def test_a_content_that_was_forgotten_is_empty_and_a_lost_one_an_error(
    store: SensoriumStore,
) -> None:
    """Forgetting media on purpose leaves the rest of the value; losing a file is an error."""
    memory = store.memory
    store.put(ROOM, "dog", {"seen": PHOTO, "n": 1})
    memory.forget(media_only=True, source="room")
    item = store.get(ROOM, "dog")
    assert item is not None
    assert item.value == {"seen": {**PHOTO, "base64": ""}, "n": 1}
    store.put(ROOM, "dog", {"seen": PHOTO, "n": 2})
    [medium] = [one for one in memory.timeline()[0].media if one.file]
    Path(memory.open_medium(medium).source.path).unlink()  # type: ignore[attr-defined]  # a file's
    with pytest.raises(MediaNotFoundError):
        store.get(ROOM, "dog")


def test_filters_see_whole_values(light: SensoriumStore) -> None:
    """A filter on a field that holds a medium compares it as it was put."""
    light.put(ROOM, "dog", {"seen": URI, "n": 1})
    assert [item.key for item in light.search(ROOM, filter={"n": 1, "seen": URI})] == ["dog"]
    assert [item.key for item in light.search(ROOM, filter={"seen": {"$eq": URI}})] == ["dog"]
    assert light.search(ROOM, filter={"seen": "data:image/jpeg;base64,"}) == []
    light.put(ROOM, "cat", {"seen": PHOTO})
    assert [item.key for item in light.search(ROOM, filter={"seen": {"base64": DOG}})] == ["cat"]


def test_a_memory_that_keeps_no_media_keeps_values(encoder: MiniEncoder) -> None:
    """Where no media are kept, contents stay in the value itself."""
    with Memory.open(":memory:", owner="o", encoder=encoder, keep_media=False) as memory:
        store = SensoriumStore(memory)
        store.put(ROOM, "dog", {"seen": PHOTO})
        item = store.get(ROOM, "dog")
        assert item is not None
        assert item.value == {"seen": PHOTO}
        assert best(store, "a dog") == "dog"


def test_a_reader_never_sees_half_of_two_puts(light: SensoriumStore) -> None:
    """While a picture is replaced over and over, whoever reads gets one of the two, whole."""
    puts = [
        {"n": 1, "seen": PHOTO},
        {"n": 2, "seen": {**PHOTO, "base64": content("photo_piano.jpg")}},
    ]
    light.put(ROOM, "k", puts[0])

    def replace(times: int) -> None:
        for turn in range(times):
            light.put(ROOM, "k", puts[turn % 2], index=False)

    def read(times: int) -> list[Any]:
        return [light.search(ROOM)[0].value for _ in range(times)]

    with ThreadPoolExecutor() as threads:
        writing = threads.submit(replace, 60)
        reading = [threads.submit(read, 60) for _ in range(3)]
        writing.result()
        for each in reading:
            assert all(value in puts for value in each.result())


@pytest.mark.slow
def test_the_example_recalls_pictures_by_their_sounds(capsys: pytest.CaptureFixture[str]) -> None:
    """What was shown on Monday comes to mind on Friday, in another thread; nothing else does."""
    runpy.run_path(str(ROOT / "examples" / "langgraph_agent.py"), run_name="__main__")
    monday, friday, items = capsys.readouterr().out.split("\n\n")
    assert monday.count("agent: I will remember that.") == monday.count("[image/jpeg]") == 3
    assert friday.splitlines() == [
        "friday    you: What is this? [audio/ogg]",
        "friday  agent: You showed me this, and said: 'This is Rex, our dog.' [image/jpeg]",
        "friday    you: And this? [audio/ogg]",
        "friday  agent: You showed me this, and said: 'The piano in the hall.' [image/jpeg]",
        "friday    you: What did I eat on Monday? A pizza?",
        "friday  agent: You showed me this, and said: 'Breakfast, sort of.' [image/jpeg]",
        "friday    you: When is the tax report due?",
        "friday  agent: Nothing comes to mind.",
    ]
    assert items.strip() == "namespaces: [('household', 'seen')] items: 3"


few = settings(max_examples=40, deadline=None)  # each opens files
media = st.sampled_from([PHOTO, URI, MOTION, OLD_PHOTO, OPENAI_SOUND])
leaves = st.none() | st.integers() | st.text(max_size=3) | media
values = st.dictionaries(
    st.text(max_size=2),
    st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=3,
)


@few
@given(values)
def test_contents_are_put_back_to_the_letter(value: dict[str, Any]) -> None:
    """Taking contents out and putting them back gives the same value, wherever they are."""
    found = list(media_in(value))
    emptied, taken = take_out(value, found)
    text = json.dumps(emptied)
    assert not any(long in text for long in (DOG, WALK, BARK))
    assert len(taken) == len(found)
    for one in taken:
        step: Any = value
        for key in one["path"]:
            step = step[key]
        whole = base64.b64decode(step.rpartition(",")[2])
        emptied = put_back(emptied, tuple(one["path"]), whole)
    assert emptied == value


def test_only_what_holds_a_medium_is_left_out() -> None:
    """Empty values, nulls and the places of a list stay as they were."""
    value = {"a": None, "b": {"c": "medium"}, "d": ["medium", "x"], "e": [], "f": {"g": ["medium"]}}
    paths: set[tuple[str | int, ...]] = {("b", "c"), ("d", 0), ("f", "g", 0)}
    assert without(value, paths) == {"a": None, "d": [None, "x"], "e": []}


@few
@given(values)
def test_texts_are_without_media(value: dict[str, Any]) -> None:
    """What is read and embedded as text holds no base64, and all else."""
    found = list(media_in(value))
    bare = without(value, {one.path for one in found})
    assert not any(long in json.dumps(bare) for long in (DOG, WALK))
    if not found:
        assert list(media_in(bare)) == []
    for one in found:
        assert is_at(one, value, "$")


def test_base64_that_would_not_come_back_is_left_in_place() -> None:
    """Content whose base64 could be written otherwise is not taken out of the value."""
    odd = DOG.removesuffix("Q==") + "R=="
    assert odd != DOG
    assert base64.b64decode(odd) == base64.b64decode(DOG)
    for written, is_taken in ((DOG, True), (odd, False)):
        value = {"x": {**PHOTO, "base64": written}}
        emptied, taken = take_out(value, list(media_in(value)))
        assert bool(taken) is is_taken
        assert (emptied == value) is not is_taken
