"""Windows of a video."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sensorium.imagebind.preprocess.video import video_windows
from sensorium.percepts import Span, Video
from sensorium.percepts.windows import back_to_back


@pytest.mark.parametrize(
    ("duration", "spans"),
    [
        (1.5, [(0, 1.5)]),
        (2.0, [(0, 2)]),
        (4.0, [(0, 2), (2, 4)]),
        (5.0, [(0, 2), (2, 4), (3, 5)]),
    ],
)
def test_windows_cover_everything(duration: float, spans: list[tuple[float, float]]) -> None:
    """Back to back; the last ends with the recording."""
    assert back_to_back(duration, 2.0) == [Span(*span) for span in spans]


def test_video_windows_show_their_first_and_last_frame() -> None:
    """A video that brightens with time: each window's frames are those of its ends."""
    levels = np.arange(50, dtype=np.uint8) * 5  # 5 s at 10 frames a second
    frames = np.broadcast_to(levels[:, None, None, None], (50, 32, 48, 3))
    for crops in (1, 3):
        cut = list(video_windows(Video(frames, fps=10), crops=crops))
        assert [span for span, _ in cut] == [Span(0, 2), Span(2, 4), Span(3, 5)]
        for span, window in cut:
            assert window.shape == (crops, 3, 2, 224, 224)
            red = window[:, 0].mean(dim=(2, 3)) * 0.26862954 + 0.48145466
            ends = [min(int(t * 10), 49) * 5 / 255 for t in (span.start, span.end)]
            torch.testing.assert_close(red, torch.tensor([ends] * crops), rtol=0, atol=1e-3)
