"""Whoever follows a refusal word by word has the file read: in Python, in a shell, as an agent."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.refused_maps import DEPTHS, HEATS, RefusedMap
from tests.support.refused_motion import MOTIONS, Refused
from tests.support.remedies import DOORS, Door, followed

from sensorium.percepts import Percept


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("case", MOTIONS.values(), ids=MOTIONS)
def test_a_refusal_of_motion_leads_to_the_motion(case: Refused, door: Door, tmp_path: Path) -> None:
    """At most three remedies, each as it is written, read the samples that were planted."""
    follow(case, door, "imu", tmp_path)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("case", DEPTHS.values(), ids=DEPTHS)
def test_a_refusal_of_depth_leads_to_the_depth(
    case: RefusedMap, door: Door, tmp_path: Path
) -> None:
    """At most three remedies, each as it is written, read the metres that were planted."""
    follow(case, door, "depth", tmp_path)


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
@pytest.mark.parametrize("case", HEATS.values(), ids=HEATS)
def test_a_refusal_of_heat_leads_to_the_heat(case: RefusedMap, door: Door, tmp_path: Path) -> None:
    """At most three remedies, each as it is written, read the degrees that were planted."""
    follow(case, door, "thermal", tmp_path)


def follow(case: Refused | RefusedMap, door: Door, modality: str, folder: Path) -> None:
    path = case.write(folder)
    chains = followed(door, path, modality, door.begin(case.arguments))
    seen = []
    for texts, percept in chains:
        assert texts, "it is read as it is"
        seen.append(texts)
        if isinstance(percept, Percept) and case.is_read(percept):
            return
        if case.told:
            break
    pytest.fail("\n".join(" -> ".join(texts) for texts in seen))
