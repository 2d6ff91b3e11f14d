"""A memory is pickled as a recipe, and opened from it when it is first used."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import QdrantClient
from tests.support.planted import PlantedEncoder, picture
from tests.support.workers import again, named_encoder, sealed_encoder, texts_encoder

from sensorium.encoders import registry
from sensorium.encoders.source import EncoderSource
from sensorium.errors import (
    EncodingError,
    ReadOnlyError,
    SpaceMismatchError,
    StoreClosedError,
    StoreError,
    StoreFormatError,
    StoreLockedError,
    StreamError,
    UnknownEncoderError,
)
from sensorium.memory import AsyncMemory, Memory
from sensorium.memory.recipe import Recipe
from sensorium.qdrant import CollectionSchema

SECRET = "key-of-a-server"


def opened(place: Any, **options: Any) -> Memory:
    return Memory.open(place, **{"owner": "rex", "encoder": PlantedEncoder(), **options})


def text_of(memory: Memory, words: str) -> str | None:
    return memory.recall(words, limit=1)[0].record.text


def test_it_is_opened_at_its_first_use(tmp_path: Path) -> None:
    """Receiving and showing it open nothing; both see what the other remembers, and close alone."""
    with opened(tmp_path) as memory:
        memory.remember(picture("dog"), text="Rex")
        other = again(memory)
        assert "not opened yet" in repr(other)
        assert other.owner == "rex"
        assert "not opened yet" in repr(other)
        assert text_of(other, "dog") == "Rex"
        assert "not opened yet" not in repr(other)
        other.remember(picture("sea"), text="the sea")
        assert text_of(memory, "sea") == "the sea"
        other.close()
        assert memory.count() == 2
        with pytest.raises(StoreClosedError):
            other.count()


def test_all_that_an_open_memory_has_opens_it(tmp_path: Path) -> None:
    """Each of its attributes does; any other name is an error, as of every object."""
    with opened(tmp_path) as memory:
        assert set(vars(memory)) == Memory._parts
        for name in Memory._parts:
            with again(memory) as other:
                assert type(getattr(other, name)) is type(getattr(memory, name))
        with again(memory) as other:
            for name in ("recal", "__array__", "_repr_html_"):
                with pytest.raises(AttributeError, match=f"'Memory' object .*'{name}'"):
                    getattr(other, name)
            assert "not opened yet" in repr(other)


def test_the_pickle_holds_no_content(tmp_path: Path) -> None:
    """Neither media nor vectors are in it, however many there are, and no handle."""
    with opened(tmp_path) as memory:
        before = len(pickle.dumps(memory))
        for number in range(20):
            memory.remember(picture(f"dog{number}"), text="a text that is not in the pickle")
        memory.recall("dog1")
        after = pickle.dumps(memory)
    assert len(after) == before < 4000
    assert b"not in the pickle" not in after


def test_a_copy_is_the_memory_itself(tmp_path: Path) -> None:
    """Whatever holds a memory can be copied, and goes on with the same one."""
    with opened(tmp_path) as memory:
        assert copy.copy(memory) is memory
        assert copy.deepcopy({"memory": [memory]})["memory"][0] is memory
        unopened = again(memory)
        assert copy.deepcopy(unopened) is unopened


def test_first_uses_that_fall_together_open_it_once(tmp_path: Path) -> None:
    """Several threads may use it at once: when it is closed, nothing has the folder open."""
    with opened(tmp_path) as memory:
        memory.remember(text="dog")
        other = again(memory)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: other.count(), range(8))) == [1] * 8
    other.close()
    opened(tmp_path, share=False).close()


def test_closed_before_its_first_use_it_stays_closed(tmp_path: Path) -> None:
    """Closing opens nothing, and what was closed is not opened."""
    with opened(tmp_path) as memory:
        other = again(memory)
    shutil.move(tmp_path, tmp_path.with_name("elsewhere"))
    other.close()
    other.close()
    with pytest.raises(StoreClosedError):
        other.count()


def test_a_closed_memory_is_pickled_as_an_open_one(tmp_path: Path) -> None:
    """What is pickled is where it is: whether it was closed before or after makes no difference."""
    with opened(tmp_path) as memory:
        memory.remember(picture("dog"), text="Rex")
        unopened = again(memory)
    unopened.close()
    for closed in (memory, unopened):
        with again(closed) as other:
            assert text_of(other, "dog") == "Rex"


def test_it_is_found_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths, of the memory and of its media, are those of the process that opened it."""
    monkeypatch.chdir(tmp_path)
    with opened("memory", media="media") as memory:
        sent = memory.remember(picture("dog"))
        content = pickle.dumps(memory)
        monkeypatch.chdir("/")
        with pickle.loads(content) as other:
            [medium] = other.get(sent.id).media
            assert other.open_medium(medium).digest == memory.open_medium(medium).digest


def test_a_folder_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    """Nor one of another machine: what a worker remembered there would be lost."""
    with opened(tmp_path / "memory") as memory:
        content = pickle.dumps(memory)
    shutil.rmtree(tmp_path / "memory")
    with pytest.raises(StoreFormatError, match=r"not there .*server"):
        pickle.loads(content).remember(text="dog")
    assert not (tmp_path / "memory").exists()


def test_what_fails_to_open_can_be_tried_again(tmp_path: Path) -> None:
    """The error is that of the use; the next use opens it, if that is possible then."""
    alone = opened(tmp_path, share=False)
    alone.remember(picture("dog"), text="Rex")
    other = again(alone)
    with pytest.raises(StoreLockedError, match="this process has open"):
        other.count()
    alone.close()
    assert text_of(other, "dog") == "Rex"
    with pytest.raises(StoreLockedError):
        opened(tmp_path)
    other.close()


def test_options_go_with_it(tmp_path: Path) -> None:
    """Media that are not kept, quotas and lacking modalities are the same there."""
    space = PlantedEncoder().space
    schema = CollectionSchema.for_space(space, modalities=["text", "image"])
    options: dict[str, Any] = {"schema": schema, "media_quota": 10, "keep_media": False}
    with opened(tmp_path, **options) as memory, again(memory) as other:
        assert not other.keeps_media
        other.remember(picture("dog"))
        assert set(other.backend.schema.modalities) == {"text", "image"}


def test_readers_only_read(tmp_path: Path) -> None:
    """What is opened only to read stays so, and sees what was there when it was opened."""
    with opened(tmp_path) as memory:
        memory.remember(text="dog")
        with opened(tmp_path, read_only=True) as reader:
            memory.remember(text="sea")
            with again(reader) as other:
                assert (reader.count(), other.count()) == (1, 2)
                with pytest.raises(ReadOnlyError):
                    other.remember(text="cat")


def test_another_owner_stays_another(tmp_path: Path) -> None:
    """A memory that was opened by `for_owner` is pickled with its own owner, to be closed alone."""
    with opened(tmp_path) as memory, memory.for_owner("max") as lent:
        lent.remember(picture("cat"), text="of Max")
        with again(lent) as other:
            assert (other.owner, other.count()) == ("max", 1)
        assert memory.count() == 0


def test_a_new_encoder_goes_with_it(tmp_path: Path) -> None:
    """After a re-embedding the pickle names the new encoder; an earlier one is refused there."""
    with opened(tmp_path, schema=CollectionSchema.for_space(PlantedEncoder().space)) as memory:
        memory.remember(picture("dog"), text="Rex")
        before = pickle.dumps(memory)
        memory.reembed(PlantedEncoder(model="new"))
        with again(memory) as other:
            assert other.encoder.space.model == "new"
            assert text_of(other, "dog") == "Rex"
        with pytest.raises(SpaceMismatchError):
            pickle.loads(before).count()


class TestTemporary:
    """A memory without a place ends with the one that made it."""

    def test_all_handles_share_it(self) -> None:
        """Also those that were made of others; closing one leaves it to the others."""
        with opened(":memory:") as memory:
            sent = memory.remember(picture("dog"))
            with again(memory) as other, again(other) as third:
                assert third.recall("dog", limit=1)[0].record.id == sent.id
                third.remember(picture("sea"))
                [kept] = third.get(sent.id).media
                assert third.open_medium(kept).digest == memory.open_medium(kept).digest
            assert memory.count() == 2

    def test_it_ends_with_its_maker(self) -> None:
        """Used or not, the handles say so; nothing is left of it, and nothing is made anew."""
        memory = opened(":memory:")
        memory.remember(picture("dog"))
        used, unused = again(memory), again(memory)
        used.remember(picture("fire"))
        recipe = memory._recipe()
        memory.close()
        calls: list[Callable[[], Any]] = [
            *(used.count, unused.count, lambda: used.remember(picture("sea"))),
            again(memory).count,
        ]
        for call in calls:
            with pytest.raises(StoreClosedError, match="temporary memory of process"):
                call()
        used.close()
        for folder in (recipe.place, recipe.media):
            assert not Path(str(folder)).parent.exists()


def test_an_asynchronous_memory_is_pickled_with_its_memory(tmp_path: Path) -> None:
    """Unopened, as the other."""
    with opened(tmp_path) as memory:
        other = pickle.loads(pickle.dumps(AsyncMemory(memory)))
        assert "not opened yet" in repr(other)


def test_a_stream_stays_where_it_is(tmp_path: Path) -> None:
    """Its windows fill in one process; the error says what to send."""
    with (
        opened(tmp_path) as memory,
        memory.stream("image") as stream,
        pytest.raises(StreamError, match="send the memory"),
    ):
        pickle.dumps(stream)


class TestEncoders:
    """How the encoder of a pickled memory gets there."""

    def test_a_name_is_loaded_there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The encoder behind it need not be picklable; a name that is unknown there is an error."""
        monkeypatch.setitem(registry._registered, "sealed", sealed_encoder)
        with opened(tmp_path, encoder="sealed") as memory:
            memory.remember(picture("dog"), text="Rex")
            with again(memory) as other:
                assert text_of(other, "dog") == "Rex"
            content = pickle.dumps(memory)
        monkeypatch.delitem(registry._registered, "sealed")
        with pytest.raises(UnknownEncoderError, match="register_encoder"):
            pickle.loads(content).count()

    def test_functions_of_a_module_are_found_again(self, tmp_path: Path) -> None:
        """An encoder made of them is pickled, and one that a module opens."""
        name = f"{named_encoder.__module__}:{named_encoder.__name__}"
        for folder, encoder in (("a", texts_encoder()), ("b", name)):
            with opened(tmp_path / folder, encoder=encoder) as memory:
                memory.remember(text="dog")
                with again(memory) as other:
                    assert other.recall("dog")[0].record.text == "dog"

    def test_what_cannot_be_pickled_is_said(self, tmp_path: Path) -> None:
        """With the class, and what to do instead."""
        with opened(tmp_path, encoder=sealed_encoder()) as memory:
            with pytest.raises(EncodingError, match=r"Sealed, which .*register_encoder"):
                pickle.dumps(memory)
            assert copy.deepcopy(memory) is memory


class TestServers:
    """A server is reached again by its URL."""

    def test_a_key_is_pickled_and_never_shown(self) -> None:
        """Only the key that was passed: one of the environment is read there."""
        source = EncoderSource("sensorium-mini")
        recipe = Recipe("https://example.org", "rex", source, api_key=SECRET)
        assert pickle.loads(pickle.dumps(recipe.for_others())).api_key == SECRET
        assert SECRET not in repr(recipe)
        assert SECRET not in recipe.shown
        os.environ["QDRANT_API_KEY"] = SECRET
        try:
            assert SECRET.encode() not in pickle.dumps(Recipe("https://example.org", "rex", source))
        finally:
            del os.environ["QDRANT_API_KEY"]

    def test_a_client_without_a_server_has_no_name(self) -> None:
        """Its points are in this process alone."""
        with opened(QdrantClient(":memory:"), keep_media=False) as memory:
            with pytest.raises(StoreError, match="by the URL of the server"):
                pickle.dumps(memory)
            assert copy.copy(memory) is memory
