"""A record spread over several points is one record to whoever recalls it."""

from __future__ import annotations

from tests.support.planted import PlantedEncoder, motion, sound

from sensorium.memory import Memory


def test_a_row_of_a_long_record_is_found_where_it_is() -> None:
    """Its span is the second in which it was heard, in whichever point it is kept."""
    with Memory.open(":memory:", owner="rex", encoder=PlantedEncoder(), keep_media=False) as memory:
        heard = ["dog"] * 800
        heard[700] = "wolf"
        memory.remember(sound("|".join(heard)), motion("run"), text="a walk")
        (hit,) = memory.recall("wolf", modalities=["audio"])
        assert hit.span is not None
        assert hit.span.start == 700
