"""Video: windows of two seconds, two frames each, at the start and at the end.

Source: the paper (arXiv 2305.05665, section 3.3). Deliberate difference: the reference takes 5
windows of any video; ours cover all of it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from sensorium.imagebind.preprocess.image import image_tensor
from sensorium.percepts import Span, Video
from sensorium.percepts.windows import back_to_back

WINDOW = 2.0  # seconds
CROPS = {1: (0.5,), 3: (0.0, 0.5, 1.0)}  # positions of 1 or 3 squares along the long side


def video_windows(video: Video, *, crops: int = 1) -> Iterator[tuple[Span, Tensor]]:
    """Cut a video into windows, decoding it once and holding two frames at a time.

    Args:
        video: The video.
        crops: 1 for the centre square; 3 for start, centre and end of the long side.
    Yields:
        Span in seconds, and float32 `(crops, 3, 2, 224, 224)`.
    Raises:
        MediaDecodeError: The video is unreadable or truncated.
    """
    spans = back_to_back(video.duration or 0.0, WINDOW)
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    frames = zip(edges, video.frames(edges), strict=True)
    seen: dict[float, Tensor] = {}
    for span in spans:
        while span.end not in seen:
            edge, picture = next(frames)
            squares = [image_tensor(picture, across=across) for across in CROPS[crops]]
            seen[edge] = torch.stack(squares)  # (crops, 3, 224, 224)
        yield span, torch.stack([seen[span.start], seen[span.end]], dim=2)
        seen = {edge: square for edge, square in seen.items() if edge > span.start}
