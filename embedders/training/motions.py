"""Batches of motion to learn from: recordings, as if made with other sensors, worn otherwise.

Letters: B batch, T samples, K kinds of motion.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from sensorium.mini.inputs import RATE, WINDOW

SPEEDS = (0.85, 1.18)  # factors of the speed of motion
THINNING = 5  # of five samples one is kept, as of a recording at 10 Hz
# Shares of a batch that are thinned out, turned less with the limb, turned anyhow, without gravity,
# and without gyroscope; and of the still ones, those that fidget.
THINNED, STIFF, ROTATED, NO_GRAVITY, NO_GYROSCOPE, FIDGETING = 0.25, 0.5, 0.5, 0.25, 0.35, 0.6
TILT = 0.12  # noise on the quaternion of a sensor that is worn about the usual way
GAIN, TURN_GAIN = 0.3, 0.4  # deviations of the logarithms of the strength of motion, and of turning
NOISE = 0.1  # m/s^2 and rad/s, at most
FIDGET = 2.0  # m/s^2 at most, of a body that is still but for its hands
FIDGET_TURN = 0.6  # rad/s of turning for each m/s^2, at most
FIDGET_PACE = (0.5, 3.5)  # Hz, the fastest part of fidgeting
WEIGHTLESS = 3.0  # m/s^2, of a mean acceleration that is not gravity
UPRIGHT = 0.5  # share of gravity along z from which a body is hardly upright, see `postures`
POSTURES = ("standing still", "sitting still", "lying still")
# Weights of the postures by the direction of gravity: along the plane of a sensor, across it,
# and unknown.
ALONG, ACROSS, UNKNOWN = (0.75, 0.2, 0.05), (0.05, 0.4, 0.55), (0.45, 0.35, 0.2)


def thinned(motion: Tensor) -> Tensor:
    """Return motion `(B, T, 6)` as if it was recorded at 10 Hz and resampled to 50 Hz."""
    coarse = motion[:, ::THINNING]
    both = torch.cat([coarse, coarse.flip(1)], 1)  # periodic, so without a jump at its ends
    spectrum = torch.fft.rfft(both, dim=1)
    fine: Tensor = torch.fft.irfft(spectrum, n=both.shape[1] * THINNING, dim=1) * THINNING
    return fine[:, : motion.shape[1]]


def stiffened(motion: Tensor, shares: Tensor, gains: Tensor) -> Tensor:
    """Return motion as if the sensor turned less with what it is worn on, as on a trunk.

    Args:
        motion: Shape `(B, T, 6)`.
        shares: Shares of the turning that are undone, `(B,)`: 1 keeps the first direction.
        gains: Factors of the rate of turning that is left, `(B,)`.
    """
    rates = (motion[:, 1:, 3:] + motion[:, :-1, 3:]) / 2  # (B, T - 1, 3), between samples
    half = rates * shares[:, None, None] / (2 * RATE)  # half angles, rad
    angle = half.norm(dim=-1, keepdim=True).clamp(min=1e-9)
    steps = torch.cat([angle.cos(), half / angle * angle.sin()], -1)  # (B, T - 1, 4) quaternions
    turned = [torch.tensor([1.0, 0, 0, 0]).expand(len(motion), 4)]
    for step in steps.unbind(1):
        turned.append(_product(turned[-1], step))
    back = rotations(torch.stack(turned, 1))  # (B, T, 3, 3), to the first direction
    acceleration, turning = (
        torch.einsum("btij,btj->bti", back, part) for part in torch.split(motion, 3, 2)
    )
    return torch.cat([acceleration, turning * gains[:, None, None]], -1)


def fidgeting(motion: Tensor, strengths: Tensor) -> Tensor:
    """Add small slow motion of `strengths` `(B,)`, m/s^2, to `(B, T, 6)`."""
    count, length = motion.shape[:2]
    hertz = torch.fft.rfftfreq(length, 1 / RATE)[None, :, None]
    low, high = FIDGET_PACE
    pace = low + (high - low) * torch.rand(count, 1, 1)
    spectrum = torch.fft.rfft(torch.randn(count, length, 6), dim=1) * (hertz < pace) * (hertz > 0)
    slow: Tensor = torch.fft.irfft(spectrum, n=length, dim=1)
    slow = slow / slow.std(1, keepdim=True).clamp(min=1e-6)
    turns = FIDGET_TURN * torch.rand(count, 1, 1)
    scale = torch.cat([torch.ones(count, 1, 3), turns.expand(count, 1, 3)], 2)
    return motion + slow * scale * strengths[:, None, None]


def worn_otherwise(motion: Tensor) -> Tensor:
    """Turn, scale and disturb motion `(B, T, 6)`, as if another sensor was worn otherwise."""
    count = len(motion)
    anyhow = torch.rand(count, 1) < ROTATED
    tilted = torch.cat([torch.ones(count, 1), TILT * torch.randn(count, 3)], 1)
    turn = rotations(torch.where(anyhow, torch.randn(count, 4), tilted))  # (B, 3, 3)
    acceleration, turning = (
        torch.einsum("bij,btj->bti", turn, part) for part in torch.split(motion, 3, 2)
    )
    gravity = acceleration.mean(1, keepdim=True)
    gain = torch.exp(GAIN * torch.randn(count, 1, 1))
    kept = gravity * (torch.rand(count, 1, 1) > NO_GRAVITY)
    acceleration = (acceleration - gravity) * gain + kept
    turning = turning * gain * torch.exp(TURN_GAIN * torch.randn(count, 1, 1))
    both = torch.cat([acceleration, turning], 2)
    both = both + NOISE * torch.rand(count, 1, 1) * torch.randn_like(both)
    # A gyroscope that is missing is silent: there is no noise either.
    heard = motion[..., 3:].abs().amax((1, 2)) > 0
    heard &= torch.rand(count) > NO_GYROSCOPE
    return torch.cat([both[..., :3], both[..., 3:] * heard[:, None, None]], 2)


def postures(motion: Tensor) -> Tensor:
    """Guess the posture of a still body from the direction of gravity.

    A phone or a watch is flat: its z axis points away from the body, or up from a lap. Gravity
    along its plane is that of a trunk or a thigh upright; gravity along z that of a thigh of
    somebody who sits, or of the trunk of somebody who lies. Which of the two cannot be seen.

    Args:
        motion: Shape `(B, T, 6)`.
    Returns:
        Weights of `POSTURES`, `(B, 3)`.
    """
    mean = motion[..., :3].mean(1)  # (B, 3)
    size = mean.norm(dim=-1, keepdim=True)
    across = mean[:, 2:].abs() / size.clamp(min=1e-6) >= UPRIGHT
    known = torch.where(across, torch.tensor(ACROSS), torch.tensor(ALONG))
    return torch.where(size < WEIGHTLESS, torch.tensor(UNKNOWN), known)


def rotations(quaternions: Tensor) -> Tensor:
    """Map quaternions `(..., 4)` of any length to rotation matrices `(..., 3, 3)`."""
    w, x, y, z = F.normalize(quaternions, dim=-1).unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply quaternions `(B, 4)`: the turn `right`, and then `left`."""
    a, b, c, d = left.unbind(-1)
    e, f, g, h = right.unbind(-1)
    parts = (
        a * e - b * f - c * g - d * h,
        a * f + b * e + c * h - d * g,
        a * g - b * h + c * e + d * f,
        a * h + b * g - c * f + d * e,
    )
    return torch.stack(parts, -1)


class Motions:
    """Draws batches of augmented motion."""

    def __init__(
        self, recordings: list[tuple[str, str, NDArray[np.float32]]], kinds: list[str], seed: int
    ) -> None:
        """Keep recordings: data set, label and motion `(T, 6)` at 50 Hz of each.

        A label that is not one of `kinds` is of a body that is still, in a posture nobody noted.
        """
        cells: dict[tuple[str, str], list[NDArray[np.float32]]] = {}
        for source, label, motion in recordings:
            cells.setdefault((source, label), []).append(motion)
        self.groups = [cells[cell] for cell in sorted(cells)]
        self.kinds = kinds
        self.random = np.random.default_rng(seed)
        labels = [label for _, label in sorted(cells)]
        known = [kinds.index(label) if label in kinds else -1 for label in labels]
        self.answers = torch.tensor(known)  # kind of each group, or -1
        self.still = torch.tensor([label in POSTURES or label not in kinds for label in labels])
        self.places = torch.tensor([kinds.index(posture) for posture in POSTURES])

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """Draw motion `(B, T, 6)` and the weights of its kinds `(B, K)`.

        Each label of each data set is equally likely, so that none of them is rare in one place
        where a sensor is worn and common in another.
        """
        chosen = torch.from_numpy(self.random.integers(len(self.groups), size=count))
        motion = torch.from_numpy(np.stack([self._stretch(self.groups[i]) for i in chosen]))
        motion = torch.where(torch.rand(count, 1, 1) < THINNED, thinned(motion), motion)
        stiff = (torch.rand(count) < STIFF) * torch.rand(count)
        motion = stiffened(motion, stiff, 1 - stiff * torch.rand(count))
        still = self.still[chosen]
        silent = motion[..., 3:].abs().amax((1, 2)) == 0
        restless = still & (torch.rand(count) < FIDGETING)
        moved = fidgeting(motion, restless * FIDGET * torch.rand(count) ** 1.5)
        moved = torch.cat([moved[..., :3], moved[..., 3:] * ~silent[:, None, None]], 2)
        return self._answered(worn_otherwise(moved), chosen)

    def _answered(self, motion: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Return motion with the weights of its kinds: of still motion, by its posture."""
        answers, still = self.answers[chosen], self.still[chosen]
        weights = F.one_hot(answers.clamp(min=0), len(self.kinds)).float()
        guessed = torch.zeros_like(weights)
        guessed[:, self.places] = postures(motion)
        return motion, torch.where(still[:, None], guessed, weights)

    def _stretch(self, held: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        weights = np.array([max(len(recording), RATE) for recording in held], float)
        recording = held[self.random.choice(len(held), p=weights / weights.sum())]
        length = int(WINDOW * self.random.uniform(*SPEEDS))
        if len(recording) < length:
            recording = np.pad(recording, ((0, length - len(recording)), (0, 0)), "symmetric")
        start = self.random.integers(len(recording) - length + 1)
        at = np.linspace(start, start + length - 1, WINDOW)
        low = np.minimum(at.astype(int), len(recording) - 2)
        share = (at - low)[:, None].astype(np.float32)
        drawn: NDArray[np.float32] = recording[low] * (1 - share) + recording[low + 1] * share
        return drawn
