"""The kinds of sound that the tower tells apart: vectors of their names, and how usual each is.

Letters: B batch, T frames, M mel bins, K kinds of sound, S semantic dimensions.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from training.class_names import HERE, Names, read_names
from training.towers.audio_tower import SoundNet

PHRASES = 2  # phrases used for each kind of sound: its short name and a sentence
HELD = 3.0  # how much of what names have in common is kept; 0 keeps nothing


def sound_vectors(names: Names) -> Tensor:
    """Map the kinds of sound to unit vectors `(K, S)`, see `spread`."""
    rows = [row[:PHRASES] for row in read_names(HERE / "sounds.tsv")]
    flat = sorted({phrase for row in rows for phrase in row})
    known = dict(zip(flat, names.vectors(flat), strict=True))
    means = torch.stack([torch.stack([known[p] for p in r]).mean(0) for r in rows])
    return spread(F.normalize(means, dim=-1))


def spread(vectors: Tensor) -> Tensor:
    """Move names apart: directions in which all of them are long are shortened.

    A mixture of plain names is near to the names that resemble many others ("an animal"), not to
    the one that was heard. This is ridge regression: of the vectors that score high with one name,
    it takes those that score low with the others.

    Args:
        vectors: Unit vectors of names, shape `(K, S)`.
    Returns:
        The same shape, unit length.
    """
    moment = vectors.T @ vectors / len(vectors)  # (S, S)
    ridge = HELD * moment.trace() / len(moment) * torch.eye(len(moment))
    return F.normalize(torch.linalg.solve(moment + ridge, vectors.T).T, dim=-1)


def usual_chances(net: SoundNet, batches: Iterable[Tensor]) -> Tensor:
    """Return the mean probability of each kind, shape `(K,)`, over batches of `(B, T, M)`."""
    with torch.inference_mode():
        return torch.cat([net(mels)[1].sigmoid() for mels in batches]).mean(0)
