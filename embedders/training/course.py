"""A training run: its progress, the running average of its weights, and its checkpoint."""

from __future__ import annotations

import copy
import math
import time
from pathlib import Path

import torch
from torch import nn


class Pace:
    """Progress of a run, by its steps, or by its minutes if those run out first."""

    def __init__(self, steps: int, minutes: float = math.inf) -> None:
        self.steps, self.minutes = steps, minutes
        self.began = time.monotonic()

    def share(self, step: int) -> float:
        """Return the share of the run that is done, 0 to 1."""
        spent = (time.monotonic() - self.began) / 60 / self.minutes
        return min(1.0, max(step / self.steps, spent))

    def rate(self, step: int, *, warm_up: int) -> float:
        """Return the factor of the learning rate: it rises linearly, then falls as a cosine."""
        return min(1.0, (step + 1) / warm_up) * (1 + math.cos(math.pi * self.share(step))) / 2


class Course:
    """A module in training, with its optimiser and the running average of its weights.

    Attributes:
        average: The module with the running average of the weights, which is the result.
        step: Steps taken.
    """

    def __init__(
        self, taught: nn.Module, optimiser: torch.optim.Optimizer, saved: Path, *, decay: float
    ) -> None:
        """Begin, or resume from the checkpoint `saved` if it exists."""
        self.taught, self.optimiser, self.saved, self.decay = taught, optimiser, saved, decay
        self.average = copy.deepcopy(taught).eval().requires_grad_(False)
        self.step = 0
        self._peaks = [group["lr"] for group in optimiser.param_groups]
        if saved.exists():
            stored = torch.load(saved, weights_only=True)
            self.taught.load_state_dict(stored["taught"])
            self.average.load_state_dict(stored["average"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.step = stored["step"]
            print(f"resuming at step {self.step}", flush=True)

    def descend(self, loss: torch.Tensor, rate: float) -> None:
        """Take one step at `rate` times the peak learning rates, and update the average."""
        for group, peak in zip(self.optimiser.param_groups, self._peaks, strict=True):
            group["lr"] = peak * rate
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(self.taught.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1
        # The first averages follow the weights quickly, as those are still far from good.
        share = 1 - min(self.decay, self.step / (self.step + 50))
        ours, theirs = self.average.state_dict(), self.taught.state_dict()
        moving = [key for key, value in ours.items() if value.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_(
                [ours[key] for key in moving], [theirs[key] for key in moving], share
            )

    def save(self) -> None:
        """Write the checkpoint that a run resumes from, whole or not at all."""
        state = {
            "taught": self.taught.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }
        partial = self.saved.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.saved)
