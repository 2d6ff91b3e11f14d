"""Asking: a person finds what is meant by words, by a sound, by files, and by sums of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
from tests.support.browsing import Visitor

from sensorium.samples import FOLDER


def answers(visitor: Visitor) -> list[str]:
    """The titles of the answers that are meant, in order."""
    region = visitor.page.get_by_role("region", name="Answers")
    region.locator("> ol article, > .trouble, > details[open] article").first.wait_for()
    return region.locator("> ol h3").all_inner_texts()


def test_a_dog_is_found_by_its_bark(me: Visitor) -> None:
    """One press on a sound of the first screen shows the dog, and how sure that is."""
    me.page.get_by_role("button", name="dog bark", exact=True).click()
    assert "dog" in answers(me)
    card = me.page.get_by_role("article").filter(has=me.page.get_by_role("link", name="dog"))
    assert "sure" in card.first.inner_text()


def test_words_find_a_sound_and_light_what_matched(me: Visitor) -> None:
    """The stretch of the waveform that matched has a button that plays it from there."""
    me.page.get_by_label("Words to ask with").fill("a dog barking")
    me.page.keyboard.press("Enter")
    assert answers(me)[0] == "dog bark"
    card = me.page.get_by_role("article").first
    assert "the sound, 1.9 s to 2.9 s" in card.inner_text()
    card.get_by_role("button", name="Play the match").click()
    card.get_by_role("button", name="Stop").wait_for()
    card.get_by_role("button", name="Play the match").wait_for()  # it stopped by itself
    assert card.get_by_role("slider").get_attribute("aria-valuenow") == "2.9"


def test_words_with_a_plus_are_two_chips(me: Visitor) -> None:
    """'a bark + the sea' asks for both; taking one out asks for the other alone."""
    me.page.get_by_label("Words to ask with").fill("a dog + the sea")
    me.page.keyboard.press("Enter")
    chips = me.page.get_by_role("list", name="What is asked").get_by_role("listitem")
    assert chips.count() == 2
    answers(me)
    me.page.get_by_role("button", name="Take out the sea").click()
    assert chips.count() == 1
    card = me.page.get_by_role("article").first
    card.get_by_role("link", name="dog bark", exact=True).wait_for()


def test_a_weight_below_nothing_takes_away(me: Visitor) -> None:
    """What an ingredient weighs is sent: without the sea, no sea comes first."""
    me.page.get_by_label("Words to ask with").fill("water + the sea")
    me.page.keyboard.press("Enter")
    answers(me)
    with me.page.expect_request("**/v1/recall") as asked:
        me.page.get_by_label("How much the sea counts").select_option("-1")
    parts = json.loads(asked.value.post_data or "")["parts"]
    assert [part["weight"] for part in parts] == [1, -1]


def test_files_are_asked_with(me: Visitor) -> None:
    """A photo that is chosen and a sound that is chosen after it are two chips of one question."""
    chooser = me.page.get_by_label("Files to ask with")
    chooser.set_input_files(FOLDER / "photo_piano.jpg")
    assert "piano" in answers(me)
    chooser.set_input_files(FOLDER / "sound_piano.ogg")
    chips = me.page.get_by_role("list", name="What is asked").get_by_role("listitem")
    chips.nth(1).wait_for()
    assert "piano" in answers(me)


def test_a_file_that_says_no_units_asks_for_them(me: Visitor) -> None:
    """Motion without units gets fields beside its chip; with them, it finds motion."""
    me.page.get_by_label("Files to ask with").set_input_files(FOLDER / "imu_walking.npz")
    me.page.get_by_label("accel").fill("m/s^2")
    me.page.get_by_label("accel").press("Tab")
    me.page.get_by_label("gyro").fill("rad/s")
    me.page.get_by_label("gyro").press("Tab")
    assert "walking" in answers(me)


def test_units_are_typed_one_after_the_other(me: Visitor, tmp_path: Path) -> None:
    """With Tab, while the file is looked at again: no field goes, and none loses what is in it."""
    wall = tmp_path / "wall.png"
    PIL.Image.fromarray(np.full((48, 64), 1500, np.uint16)).save(wall)
    page = me.page
    page.get_by_label("Files to ask with").set_input_files(wall)
    page.get_by_label("it is").select_option("depth")
    page.get_by_label("fx").focus()
    page.keyboard.type("525", delay=40)
    page.keyboard.press("Tab")
    page.keyboard.type("mm", delay=40)
    page.keyboard.press("Tab")
    page.get_by_role("article").first.wait_for()
    assert page.get_by_label("fx").input_value() == "525"
    assert page.get_by_label("unit").input_value() == "mm"


def test_filters_leave_only_what_was_asked_for(me: Visitor) -> None:
    """Of a dog, only pictures."""
    me.page.get_by_label("Words to ask with").fill("a dog")
    me.page.keyboard.press("Enter")
    answers(me)
    me.page.get_by_role("button", name="Filters").click()
    with me.page.expect_response("**/v1/recall") as answered:
        me.page.get_by_role("button", name="pictures", exact=True).click()
    hits = answered.value.json()["hits"]
    assert hits
    assert {hit["modality"] for hit in hits} == {"image"}


def test_words_that_matched_are_lit(newcomer: Visitor) -> None:
    """Of a long note, the window that matched is shown and marked."""
    filler = "The minutes of a long meeting about the budget of the harbour. " * 40
    newcomer.remember(text=f"{filler} My dog barked at the postman all night. {filler}")
    newcomer.page.get_by_label("Words to ask with").fill("a dog barking at night")
    newcomer.page.keyboard.press("Enter")
    assert "dog barked" in newcomer.page.locator("mark").first.inner_text()


def test_heat_shows_the_value_under_the_pointer(me: Visitor) -> None:
    """A thermal picture answers with a number where the pointer is, also by arrow keys."""
    me.page.get_by_label("Words to ask with").fill("heat of a dog")
    me.page.keyboard.press("Enter")
    grid = me.page.get_by_role("application", name="Heat picture: dog. Arrow keys read values.")
    grid.first.focus()
    me.page.keyboard.press("ArrowRight")
    assert "%" in me.page.locator("output.value").first.inner_text()
