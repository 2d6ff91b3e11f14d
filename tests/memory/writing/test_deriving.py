"""A video's sound is remembered with it, in the same record; and so is the film of a photo."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from tests.support.films import BOAT, DeafEncoder, FilmEncoder, boat, film
from tests.support.memories import NOON
from tests.support.planted import PLANTED, picture, sound, words
from tests.support.sounds import noise

from sensorium.enrich import Found
from sensorium.memory import AsyncMemory, Memory, Moment, Record
from sensorium.percepts import Audio, Image, Percept, Span, Video


@pytest.fixture
def memory() -> Iterator[Memory]:
    with Memory.open(":memory:", owner="me", encoder=FilmEncoder()) as opened:
        yield opened


def sounds_of(record: Record) -> list[str | None]:
    """The videos whose sounds a record has."""
    return [medium.of for medium in record.media if medium.modality == "audio"]


def test_a_video_is_found_by_what_is_heard_in_it(memory: Memory) -> None:
    """One record of two modalities; the hit says when it was heard."""
    known = memory.remember(boat()).id
    [hit] = memory.recall("dog", limit=1)
    assert (hit.record.id, hit.modality, hit.span) == (known, "audio", Span(1, 2))
    assert hit.record.modalities == ("audio", "video")
    [seen] = memory.recall("boat", limit=1)
    assert (seen.record.id, seen.modality, memory.count()) == (known, "video", 1)


def test_the_sound_is_not_stored_twice(memory: Memory) -> None:
    """Its medium names the video's file, and the video."""
    record = memory.get(memory.remember(boat()).id)
    seen, heard = record.media
    assert (heard.file, heard.bytes, heard.of) == (seen.file, len(BOAT), seen.digest)
    assert (seen.mime, heard.mime, seen.of) == ("video/mp4", "audio/mp4", None)
    assert memory.stats()["media_bytes"] == len(BOAT)
    shown, opened = memory.percepts(record)
    assert isinstance(shown, Video)
    assert isinstance(opened, Audio)
    assert opened.digest == heard.digest == Video(BOAT).sound().digest
    assert memory.verify().files == 1


def test_without_sound(memory: Memory) -> None:
    """A call, or a memory, may leave it out."""
    alone = memory.remember(boat(), sound=False)
    assert memory.get(alone.id).modalities == ("video",)
    report = memory.remember_many([Moment(boat(), id="many")], sound=False)
    assert memory.get(report.remembered[0].id).modalities == ("video",)
    with Memory.open(":memory:", owner="me", encoder=FilmEncoder(), sound=False) as deaf:
        assert deaf.get(deaf.remember(boat()).id).modalities == ("video",)
        heard = deaf.remember(boat(), id="heard", sound=True)
        assert deaf.get(heard.id).modalities == ("audio", "video")
        with deaf.for_owner("you") as yours:
            assert yours.get(yours.remember(boat()).id).modalities == ("video",)


async def _awaited(memory: Memory) -> tuple[Any, ...]:
    heard = AsyncMemory(memory)
    first = await heard.remember(boat(), id="a")
    second = await heard.remember(boat(), id="b", sound=False)
    return memory.get(first.id).modalities, memory.get(second.id).modalities


def test_awaited(memory: Memory) -> None:
    import asyncio

    assert asyncio.run(_awaited(memory)) == (("audio", "video"), ("video",))


def test_importing_twice_is_one_record(memory: Memory) -> None:
    """With its sound or without, the id is that of what was given."""
    first = memory.remember(boat())
    again = [memory.remember(boat(), sound=wish) for wish in (True, False, None)]
    assert [(each.id, each.status) for each in again] == [(first.id, "known")] * 3
    assert memory.count() == 1


def test_a_record_from_before_is_the_same_record(memory: Memory) -> None:
    """As its id follows from the video alone."""
    before = memory.remember(boat(), sound=False)
    assert memory.remember(boat()).id == before.id
    assert memory.count() == 1


def test_a_named_record_is_renewed_when_the_wish_is_another(memory: Memory) -> None:
    """Named records are replaced by what is said of them; the same wish changes nothing."""
    wishes = [False, True, True, False, False]
    said = [memory.remember(boat(), id="film", sound=wish).status for wish in wishes]
    assert said == ["new", "replaced", "known", "replaced", "known"]
    mute = Video(film(np.zeros(64_000)), uri=PLANTED + "boat")
    assert [memory.remember(mute, id="mute").status for _ in range(2)] == ["new", "known"]


def test_a_sound_that_is_given_goes_before(memory: Memory) -> None:
    """There is no second one, in whichever order they are given."""
    for number, given in enumerate([(boat(), sound("bird")), (sound("bird"), boat())]):
        record = memory.get(memory.remember(*given, id=str(number)).id)
        assert sounds_of(record) == [None]
    assert memory.recall("dog", modalities=["audio"])[0].similarity == pytest.approx(0, abs=0.5)


def test_words_do_not_stand_in_for_the_sound(memory: Memory) -> None:
    record = memory.get(memory.remember(boat(), text="our holiday").id)
    assert record.modalities == ("audio", "text", "video")


@pytest.mark.parametrize(
    "video",
    [
        Video(film(), uri=PLANTED + "boat"),
        Video(film(np.zeros(64_000)), uri=PLANTED + "boat"),
        Video(np.zeros((4, 8, 8, 3), np.uint8), fps=2, uri=PLANTED + "boat"),
    ],
    ids=["no track", "silent", "frames"],
)
def test_nothing_to_hear(memory: Memory, video: Video) -> None:
    """A video without sound, or with a silent track, is remembered as a video."""
    record = memory.get(memory.remember(video).id)
    assert (record.modalities, len(record.media)) == (("video",), 1)


def test_sound_that_begins_late_is_heard(memory: Memory) -> None:
    """Three seconds of silence before it do not make it silent."""
    late = Video(film(np.concatenate([np.zeros(48_000), noise(1.0)])), uri=PLANTED + "boat+dog")
    assert memory.get(memory.remember(late).id).modalities == ("audio", "video")


def test_a_sound_that_cannot_be_encoded_is_left_out(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    """The video is remembered all the same, alone and among others; the log says why."""
    with caplog.at_level(logging.WARNING, "sensorium"):
        alone = memory.remember(boat(meant="boat+unreadable"))
        report = memory.remember_many(
            [
                Moment(boat(meant="boat+unreadable"), id="a"),
                Moment(boat(), id="b"),
                Moment((boat(meant="unreadable+dog"),), id="c"),
            ]
        )
    assert memory.get(alone.id).modalities == ("video",)
    assert [memory.get(name).modalities for name in "ab"] == [("video",), ("audio", "video")]
    assert [failure.index for failure in report.failures] == [2]
    assert "a video is remembered without its sound" in caplog.text


def test_an_encoder_without_sounds(memory: Memory) -> None:
    with Memory.open(":memory:", owner="me", encoder=DeafEncoder()) as deaf:
        assert deaf.get(deaf.remember(boat()).id).modalities == ("video",)


def test_vectors_that_exist_already(memory: Memory) -> None:
    """Nothing is encoded then, nor derived."""
    given = memory.encoder.encode([words("boat")])[0].vectors
    record = memory.get(memory.remember(boat(), vectors={"video": given}).id)
    assert (record.modalities, len(record.media)) == (("video",), 1)


def test_media_that_are_not_kept(memory: Memory) -> None:
    """The sound is found all the same, and none of the two has a file."""
    record = memory.get(memory.remember(boat(), keep_media=False).id)
    assert [(each.modality, each.file) for each in record.media] == [
        ("video", None),
        ("audio", None),
    ]
    assert memory.recall("dog")[0].modality == "audio"


def test_files_go_with_the_record(memory: Memory) -> None:
    known = memory.remember(boat()).id
    memory.forget(known, media_only=True)
    assert {each.file for each in memory.get(known).media} == {None}
    assert sounds_of(memory.get(known)) == [Video(BOAT).digest]
    memory.forget(known)
    assert memory.stats()["media_bytes"] == 0


def test_a_video_joins_with_its_sound(memory: Memory) -> None:
    known = memory.remember(words("holiday")).id
    record = memory.update(known, boat())
    assert record.modalities == ("audio", "text", "video")
    hit = memory.recall("dog")[0]
    assert (hit.record.id, hit.span) == (known, Span(1, 2))
    assert memory.remember(words("holiday")).id == known
    assert memory.update(memory.remember(words("work")).id, boat(), sound=False).modalities == (
        "text",
        "video",
    )


def test_a_change_keeps_the_sound(memory: Memory) -> None:
    """New words, tags and pictures leave it."""
    known = memory.remember(boat(), text="first", id="film").id
    memory.update(known, text="second", tags=["t"])
    record = memory.update(known, picture("sun"))
    assert record.modalities == ("audio", "image", "text", "video")
    assert memory.recall("dog", modalities=["audio"])[0].span == Span(1, 2)
    assert memory.count(tags=["t"]) == 1


def test_a_sound_that_joins_takes_the_place_of_the_video_s(memory: Memory) -> None:
    """Also if it is the video's own, which is then one that was given."""
    for name, given in (("a", sound("bird")), ("b", boat().sound())):
        memory.remember(boat(), id=name)
        record = memory.update(name, given)
        assert sounds_of(record) == [None]
        assert sum(each.rows for each in record.media if each.modality == "audio") == len(
            memory.encoder.encode([given])[0].vectors
        )
    record = memory.update("a", boat(film(noise(4.0)), "car+horn"))
    assert sounds_of(record) == [None]  # it has one of its own


def test_a_video_that_is_replaced_takes_its_sound_along(memory: Memory) -> None:
    memory.remember(boat(), id="film")
    given = memory.encoder.encode([words("car")])[0].vectors
    record = memory.update("film", boat(film(noise(4.0))), vectors={"video": given})
    assert record.modalities == ("video",)
    memory.remember(boat(), id="other")
    kept = memory.update("other", vectors={"video": given}, retain={Video(BOAT).digest})
    assert sounds_of(kept) == [Video(BOAT).digest]


def test_an_export_comes_back(memory: Memory, tmp_path: Path) -> None:
    """For the same owner and another, whose ids follow from the video."""
    pytest.importorskip("pyarrow")
    known = memory.remember(boat()).id
    memory.export(tmp_path / "export")
    for owner in ("me", "you"):
        with Memory.open(":memory:", owner=owner, encoder=FilmEncoder()) as other:
            summary = other.import_(tmp_path / "export")
            assert summary.media_files == 1
            [record] = other.timeline()
            assert sounds_of(record) == [Video(BOAT).digest]
            assert (record.id == known) == (owner == "me")
            assert other.remember(boat()).status == "known"
            assert len(other.percepts(record)) == 2


def test_a_copy_has_the_sound(memory: Memory, tmp_path: Path) -> None:
    known = memory.remember(boat()).id
    memory.promote(tmp_path / "copy")
    with Memory.open(tmp_path / "copy", owner="me", encoder=FilmEncoder()) as copy:
        assert copy.recall("dog")[0].record.id == known
        assert copy.get(known) == memory.get(known)


def test_another_encoder_hears_it_anew(memory: Memory) -> None:
    known = memory.remember(boat(), at=NOON).id
    memory.reembed(FilmEncoder(model="other"))
    hit = memory.recall("dog", modalities=["audio"])[0]
    assert (hit.record.id, sounds_of(hit.record)) == (known, [Video(BOAT).digest])
    assert hit.medium is not None
    assert hit.medium.file == hit.record.media[0].file


def test_an_encoder_that_cannot_hear_it_leaves_it_out(memory: Memory) -> None:
    """And the record stays."""
    known = memory.remember(boat()).id
    assert memory.reembed(DeafEncoder(model="other")).records == 1
    record = memory.get(known)
    assert (record.modalities, len(record.media)) == (("video",), 1)


class Listener:
    """Hears one word in what it is given."""

    def __init__(self, *modalities: str) -> None:
        self.by, self.modalities = "+".join(modalities), frozenset(modalities)

    def find(self, percept: Percept) -> Iterator[Found]:
        yield Found(f"{percept.modality} word", origin="heard", by=self.by, span=Span(0, 1))


@pytest.mark.parametrize(
    ("listener", "heard"),
    [
        (Listener("audio", "video"), ["video word"]),
        (Listener("audio"), ["audio word"]),
        (Listener("image"), []),
    ],
    ids=["both", "sounds", "neither"],
)
def test_words_are_found_once(memory: Memory, listener: Listener, heard: list[str]) -> None:
    """What listens to videos does not hear their sound a second time; now, and later."""
    now = memory.get(memory.remember(boat(), enrich=[listener]).id)
    memory.remember(boat(), id="later")
    memory.enrich([listener])
    for record in (now, memory.get("later")):
        assert [finding.text for finding in record.findings] == heard
    memory.update("later", text="words of mine")
    assert [finding.text for finding in memory.get("later").findings] == heard


def photo(meant: str = "sun+wave|bird") -> Image:
    """A motion photo: a JPEG behind whose pixels is a film of four seconds with sound."""
    stream = io.BytesIO()
    PIL.Image.new("RGB", (32, 24), (200, 150, 20)).save(stream, "JPEG")
    return Image(stream.getvalue() + BOAT, uri=PLANTED + meant)


def test_the_film_of_a_photo_is_remembered_with_it(memory: Memory) -> None:
    """One record of three modalities, of the photo's id; the film is a file, its sound is in it."""
    picture_alone = photo()
    known = memory.remember(picture_alone).id
    record = memory.get(known)
    assert [each.modality for each in record.media] == ["image", "video", "audio"]
    shown, film_, heard = record.media
    assert (shown.of, film_.of, heard.of) == (None, shown.digest, film_.digest)
    assert film_.file == heard.file != shown.file
    assert [each.modality for each in record.files] == ["image", "video"]
    assert memory.percepts(record)[1].source.read() == BOAT  # type: ignore[attr-defined]
    assert memory.remember(photo()).status == "known"
    memory.forget(known)
    assert memory.stats()["media_bytes"] == 0


def test_a_film_that_is_given_goes_before(memory: Memory) -> None:
    """Of a photo with the film of another there is one film; without sound there is no sound."""
    record = memory.get(memory.remember(photo(), boat(film(noise(4.0)), "car+horn")).id)
    assert [each.modality for each in record.media] == ["image", "video", "audio"]
    assert record.media[1].of is None
    mute = memory.get(memory.remember(photo(), id="mute", sound=False).id)
    assert mute.modalities == ("image", "video")
    renewed = [memory.remember(photo(), id="mute", sound=wish).status for wish in (False, True)]
    assert renewed == ["known", "replaced"]


def test_a_film_that_cannot_be_encoded_is_left_out_with_its_sound(memory: Memory) -> None:
    class Blind(FilmEncoder):
        def _encoded(self, percept: Percept) -> Any:
            unreadable = percept.with_origin(uri=PLANTED + "unreadable")
            return super()._encoded(unreadable if isinstance(percept, Video) else percept)

    with Memory.open(":memory:", owner="me", encoder=Blind()) as blind:
        assert blind.get(blind.remember(photo()).id).modalities == ("image",)


def test_changes_and_moves_keep_the_film(memory: Memory) -> None:
    """New words, a re-embedding, one by an encoder without sounds; a video that joins ends it."""
    known = memory.remember(photo()).id
    memory.update(known, text="sunset")
    memory.reembed(FilmEncoder(model="other"))
    assert [each.modality for each in memory.get(known).media if each.of] == ["video", "audio"]
    memory.reembed(DeafEncoder(model="deaf"))
    assert [each.modality for each in memory.get(known).media if each.of] == ["video"]
    record = memory.update(known, boat(film(), "car"))
    assert [each.modality for each in record.media if each.of] == []
    assert memory.verify().damaged == {}


def test_a_lost_film_is_kept_again(memory: Memory) -> None:
    record = memory.get(memory.remember(photo()).id)
    media = memory._shelf.media
    assert media is not None
    media.drop([str(record.media[1].file)])
    assert memory.remember(photo()).status == "known"
    assert media.exists(str(record.media[1].file))


def test_words_in_the_film_of_a_photo(memory: Memory) -> None:
    """What reads pictures reads the photo alone; what listens hears the film, and that once."""
    reader, listener = Listener("image", "video"), Listener("audio", "video")
    record = memory.get(memory.remember(photo(), enrich=[reader, listener]).id)
    assert [finding.text for finding in record.findings] == ["image word", "video word"]


def subtitled(tmp_path: Path) -> Video:
    path = tmp_path / "boat.srt"
    path.write_text(
        "1\n00:00:01,000 --> 00:00:02,500\nferry\n\n2\n00:00:12,400 --> 00:00:13,000\nharbour\n"
    )
    return boat().with_subtitles(path)


def test_subtitles_are_words_of_their_video(memory: Memory, tmp_path: Path) -> None:
    """They are found with their seconds, beside what the owner wrote, and by keywords."""
    video = subtitled(tmp_path)
    known = memory.remember(video, text="my trip").id
    hit = memory.recall("harbour", limit=1)[0]
    assert hit.finding is not None
    assert (hit.record.id, hit.finding.origin, hit.finding.text) == (known, "subtitle", "harbour")
    assert hit.span == Span(12.4, 13)
    assert hit.medium is not None
    assert (hit.medium.modality, memory.get(known).text) == ("video", "my trip")
    assert memory.recall(keywords="ferry")[0].record.id == known


def test_subtitles_that_come_later_join_the_record(memory: Memory, tmp_path: Path) -> None:
    """What is known stays as it is otherwise, and they join it once."""
    known = memory.remember(boat(), tags=["trip"]).id
    memory.update(known, text="written since")
    for _ in range(2):
        assert memory.remember(subtitled(tmp_path)).status == "known"
        record = memory.get(known)
        assert [finding.text for finding in record.findings] == ["ferry", "harbour"]
        assert (record.tags, record.text) == (("trip",), "written since")
    assert memory.count() == 1


def test_subtitles_that_are_gone_leave_the_video(
    memory: Memory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    video = boat().with_subtitles(tmp_path / "gone.srt")
    with caplog.at_level(logging.WARNING, "sensorium"):
        record = memory.get(memory.remember(video).id)
    assert (record.modalities, record.findings) == (("audio", "video"), ())
    assert "gone.srt" in caplog.text
