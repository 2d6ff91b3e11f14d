"""The samples that come with the package open with their units, by name."""

from __future__ import annotations

import pytest

from sensorium.errors import SourceNotFoundError
from sensorium.percepts import Thermal
from sensorium.samples import FOLDER, notes, sample, sample_names


def test_every_sample_opens_by_its_name() -> None:
    """Every file but the notes and the attribution opens as what its name says."""
    modalities = {"photo": "image", "sound": "audio"}
    assert len(sample_names()) == len(list(FOLDER.iterdir())) - 2
    for name in sample_names():
        kind = name.partition("_")[0]
        assert sample(name).modality == modalities.get(kind, kind)


def test_a_file_name_is_accepted() -> None:
    """The extension may be written."""
    assert sample("photo_dog.jpg") == sample("photo_dog")


def test_false_colours_are_known() -> None:
    """The pictures of a Seek camera name its palette; the others are grey."""
    palettes = {}
    for name in sample_names("thermal"):
        picture = sample(name)
        assert isinstance(picture, Thermal)
        palettes[name] = picture.units.get("palette")
    assert {name for name, palette in palettes.items() if palette == "spectra"} == {
        "thermal_dog",
        "thermal_person",
    }


def test_names_can_be_asked_by_kind() -> None:
    """Only those of the kind come, sorted."""
    assert sample_names("imu") == [
        "imu_jogging",
        "imu_sitting_down",
        "imu_walking",
        "imu_walking_upstairs",
    ]


@pytest.mark.parametrize("name", ["photo_unicorn", "", "texts", "ATTRIBUTION.md", "../errors.py"])
def test_unknown_names_are_answered_with_the_known_ones(name: str) -> None:
    """The error lists what there is."""
    with pytest.raises(SourceNotFoundError, match="photo_dog"):
        sample(name)
    with pytest.raises(SourceNotFoundError, match="photo"):
        sample_names("smell")


def test_notes_are_texts() -> None:
    """There are five, none of them blank."""
    assert len(notes()) == 5
    assert all(note.strip() for note in notes())
