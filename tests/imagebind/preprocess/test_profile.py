"""The choices of the preprocessing."""

from __future__ import annotations

from sensorium.imagebind.preprocess import Profile


def test_profiles_have_different_names() -> None:
    """Every choice is part of the space's identity."""
    profiles = [
        Profile(),
        Profile(text="cut"),
        Profile(audio="paper3"),
        Profile(video_crops=3),
        Profile(imu="imu-5s-400hz"),
    ]
    assert len({profile.name for profile in profiles}) == len(profiles)
