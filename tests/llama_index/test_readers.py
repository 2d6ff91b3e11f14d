"""Files as documents: alone, through LlamaIndex's own directory reader, and found again."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timezone
from pathlib import Path

import fsspec
import numpy as np
import PIL.Image
import pytest
from llama_index.core import Document, SimpleDirectoryReader
from llama_index.core.schema import ImageDocument, MetadataMode
from tests.support.bags import START, Written, image, write_bag
from tests.support.films import BOAT
from tests.support.motions import COLUMNS, planted

from sensorium.errors import PerceptFormatError, SourceTypeError, UnitError
from sensorium.llama_index import SensoriumEmbedding, SensoriumReader, SensoriumVectorStore
from sensorium.percepts import IMU, Image, percept_from_dict
from sensorium.samples import FOLDER

EPOCH = 1_698_501_144
UNITS = {"accel": "m/s^2", "gyro": "rad/s"}


def write_motion(path: Path) -> Path:
    columns = [EPOCH + np.arange(300) / 100, *planted(300).T]
    rows = "\n".join(",".join(f"{each:.12g}" for each in row) for row in np.stack(columns, 1))
    path.write_text(",".join(["epoch (s)", *COLUMNS]) + "\n" + rows)
    return path


def test_a_medium_is_a_resource() -> None:
    """A sound and a picture by their paths, with what is known of them; models see no more."""
    [sound] = SensoriumReader().load_data(FOLDER / "sound_rooster.ogg", {"room": "yard"})
    assert sound.audio_resource is not None
    assert sound.audio_resource.path == FOLDER / "sound_rooster.ogg"
    assert sound.audio_resource.mimetype == "audio/ogg"
    assert (sound.metadata["modality"], sound.metadata["room"]) == ("audio", "yard")
    assert sound.metadata["uri"] == (FOLDER / "sound_rooster.ogg").as_uri()
    assert sound.get_metadata_str(MetadataMode.LLM) == "room: yard"
    [photo] = SensoriumReader().load_data(str(FOLDER / "photo_dog.jpg"))
    assert isinstance(photo, ImageDocument)
    assert photo.image_path == str(FOLDER / "photo_dog.jpg")


def test_a_sensor_file_is_drawn_and_kept_as_a_percept(tmp_path: Path) -> None:
    """Its time, what was taken from where, and the percept itself; units are needed."""
    path = write_motion(tmp_path / "walk.csv")
    [motion] = SensoriumReader(**UNITS).load_data(path)
    at = datetime.fromtimestamp(EPOCH, timezone.utc)
    assert motion.metadata["at"] == at.isoformat()
    assert json.loads(motion.metadata["reading"])["time"] == "epoch (s) [s]"
    assert motion.image_resource is not None
    assert motion.image_resource.mimetype == "image/png"
    percept = percept_from_dict(json.loads(motion.metadata["percept"]))
    assert percept == IMU(path, accel="m/s^2", gyro="rad/s", at=at, uri=path.as_uri())
    with pytest.raises(UnitError, match="accel"):
        SensoriumReader().load_data(path)
    with pytest.raises(PerceptFormatError, match="'sound'"):
        SensoriumReader(modality="sound")


def test_a_recording_is_many_documents(tmp_path: Path) -> None:
    """Each of its own time, with its picture as a file."""
    pixels = np.full((8, 8, 3), 90, np.uint8)
    messages = [
        Written("/camera", time, image(pixels + number, "rgb8", stamp=time))
        for number, time in enumerate((START, START + 10**9))
    ]
    path = write_bag(tmp_path, messages, "mcap")
    first, second = SensoriumReader().load_data(path)
    assert isinstance(first, ImageDocument)
    assert Image(first.resolve_image().read()).picture().getpixel((0, 0)) == (90, 90, 90)
    assert [each.metadata["at"][:19] for each in (first, second)] == [
        "2023-11-14T22:13:20",
        "2023-11-14T22:13:21",
    ]


def test_a_folder_is_walked(tmp_path: Path) -> None:
    """By rules; a file alone is not asked to match the rules for others."""
    write_motion(tmp_path / "walk.csv")
    PIL.Image.fromarray(np.full((4, 6), 5000, np.uint16)).save(tmp_path / "d.png")
    (tmp_path / "note.txt").write_text("hello")
    rules = [
        {"match": "*.png", "as": "depth", "unit": "1/5000", "fx": 525},
        {"match": "*.csv", **UNITS},
    ]
    reader = SensoriumReader(rules=rules)
    read = reader.load_data(tmp_path)
    assert [each.metadata["modality"] for each in read] == ["depth", "text", "imu"]
    assert read[1].text == "hello"
    [depth] = reader.load_data(tmp_path / "d.png")
    assert depth.metadata["modality"] == "depth"


def test_directories_are_read_by_llama_index(tmp_path: Path) -> None:
    """Sounds and pictures by ours, texts by its own; tables only where units are given."""
    for name in ("sound_rain.ogg", "photo_dog.jpg"):
        shutil.copy(FOLDER / name, tmp_path)
    write_motion(tmp_path / "walk.csv")
    (tmp_path / "note.txt").write_text("hello")

    def read(**options: str) -> dict[str, Document]:
        extractor = SensoriumReader.file_extractor(**options)
        found = SimpleDirectoryReader(
            str(tmp_path), file_extractor=extractor, raise_on_error=True
        ).load_data()
        return {each.metadata["file_name"]: each for each in found}

    read_with = read(**UNITS)
    assert read_with["note.txt"].text == "hello"
    assert read_with["sound_rain.ogg"].audio_resource
    assert read_with["walk.csv"].metadata["modality"] == "imu"
    assert ".csv" not in SensoriumReader.file_extractor()
    assert ".png" in SensoriumReader.file_extractor(modality="depth", unit="mm")
    assert ".ogg" not in SensoriumReader.file_extractor(modality="depth", unit="mm")


def test_files_of_another_file_system() -> None:
    """Their bytes are taken, and say where they are from."""
    memory = fsspec.filesystem("memory")
    memory.pipe("/photos/dog.jpg", (FOLDER / "photo_dog.jpg").read_bytes())
    [photo] = SensoriumReader().load_data("/photos/dog.jpg", fs=memory)
    assert isinstance(photo, ImageDocument)
    assert photo.metadata["uri"] == "memory:///photos/dog.jpg"


def test_documents_are_embedded_and_found(tmp_path: Path) -> None:
    """Each in its own modality, which a text finds again."""
    model = SensoriumEmbedding()
    for name in ("sound_rain.ogg", "sound_rooster.ogg"):
        shutil.copy(FOLDER / name, tmp_path)
    with SensoriumVectorStore.open(":memory:", embed_model=model) as store:
        for document in SensoriumReader().load_data(tmp_path):
            document.embedding = model.get_document_embedding(document)
            store.sibling(document.metadata["modality"]).add([document])
        [best] = store.memory.recall("a cock crowing", limit=1)
        [node] = store.sibling("audio").get_nodes([best.record.id])
    assert node.metadata["uri"].endswith("sound_rooster.ogg")
    assert isinstance(node, Document)
    vector = model.get_document_embedding(Document(text="a cock"))
    assert vector == model.get_text_embedding("a cock")
    with pytest.raises(SourceTypeError, match="SensoriumReader"):
        model.get_document_embedding(Document(text=""))


def test_a_side_file_says_when_and_where_a_picture_was_taken(tmp_path: Path) -> None:
    """A photo library's file beside it is its metadata, and no document."""
    (tmp_path / "beach.jpg").write_bytes((FOLDER / "photo_dog.jpg").read_bytes())
    said = {
        "title": "beach.jpg",
        "photoTakenTime": {"timestamp": "1467381600"},
        "description": "Rex in the waves",
        "geoData": {"latitude": 54.1, "longitude": 13.7},
    }
    (tmp_path / "beach.jpg.json").write_text(json.dumps(said))
    for path in (tmp_path, tmp_path / "beach.jpg"):
        [document] = SensoriumReader().load_data(path)
        assert document.metadata["at"] == "2016-07-01T14:00:00+00:00"
        assert document.metadata["place"] == "54.1, 13.7"
        assert document.metadata["description"] == "Rex in the waves"


def test_a_video_of_a_folder_has_its_subtitles(tmp_path: Path) -> None:
    """As the text of its one document; a live photo is one document, too."""
    (tmp_path / "film.mp4").write_bytes(BOAT)
    (tmp_path / "film.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nThe ferry leaves.\n")
    shutil.copy(FOLDER / "photo_dog.jpg", tmp_path / "live.jpg")
    (tmp_path / "live.mov").write_bytes(BOAT)
    video, photo = SensoriumReader().load_data(tmp_path)
    assert video.video_resource is not None
    assert video.text == "The ferry leaves."
    assert isinstance(photo, ImageDocument)
