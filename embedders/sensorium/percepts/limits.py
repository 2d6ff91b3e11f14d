"""The largest sizes that a percept may have."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.errors import SourceTooLargeError

MIB = 1024 * 1024
MAX_BYTES = 8 * 1024 * MIB
WEEK = 7 * 24 * 3600.0  # seconds


@dataclass(frozen=True)
class Limits:
    """The largest sizes that a percept may have.

    They are checked before anything is decoded where the source or its header states the size, and
    while it is decoded where it does not.

    Attributes:
        max_bytes: Bytes of the encoded source. Bytes and file objects are held in memory; a path
            to sound or video is streamed.
        max_pixels: Pixels of one picture or frame; 128 million is 384 MB as RGB.
        max_memory: Bytes that one picture, frame or map, one motion, or the samples of
            `Audio.mono` may take while they are decoded. This is an estimate by the size and the
            format. The length of a sound or a video does not count: they are streamed.
        max_seconds: Seconds of a sound or a video.
        max_characters: Characters of a text.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = 128_000_000
    max_memory: int = 1400 * MIB
    max_seconds: float = WEEK
    max_characters: int = MAX_BYTES

    def check_seconds(self, seconds: float | None, name: str) -> None:
        """Check the length of a sound or a video, if it is known.

        Args:
            seconds: Length that the header states, or that was decoded so far.
            name: Name of the source in messages.
        Raises:
            SourceTooLargeError: It is longer than `max_seconds`.
        """
        if seconds is not None and seconds > self.max_seconds:
            raise SourceTooLargeError(
                f"{name}, which is {seconds:.0f} s long or more",
                f"at most {self.max_seconds:.0f} s",
                "split it, or raise the limit with limits=Limits(max_seconds=...)",
            )

    def check_samples(self, count: int, size: int, name: str, remedy: str) -> None:
        """Check the memory that samples take while they are decoded.

        Args:
            count: Number of samples.
            size: Bytes of memory that each of them takes.
            name: Name of the source in messages.
            remedy: What to do instead of raising the limit.
        Raises:
            SourceTooLargeError: They take more than `max_memory`.
        """
        if count * size > self.max_memory:
            raise SourceTooLargeError(
                f"{name} with {count} samples or more, which take about {count * size} bytes of "
                "memory",
                f"at most {self.max_memory}",
                f"{remedy}, or raise the limit with limits=Limits(max_memory=...)",
            )
