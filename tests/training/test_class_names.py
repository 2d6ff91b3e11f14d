"""The names of ImageNet's classes, and the terms around them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from training import class_names
from training.class_names import HERE, Names, imagenet_vectors, means, read_names


class Drawn(Names):
    """Gives each text a random vector, near one that all texts share."""

    def vectors(self, texts: Sequence[str]) -> Tensor:
        shared = torch.ones(64)
        drawn = [torch.randn(64, generator=_generator(text)) + shared for text in texts]
        return F.normalize(torch.stack(drawn), dim=-1)


def _generator(text: str) -> torch.Generator:
    return torch.Generator().manual_seed(int.from_bytes(text.encode()[-7:], "little"))


def test_each_class_has_a_line_in_every_list() -> None:
    """The lists of names, of broader terms and of kin are parallel."""
    for file in ("imagenet.tsv", "broader.tsv", "kin.tsv"):
        assert len(read_names(HERE / file)) == 1000
    known, broader = read_names(HERE / "imagenet.tsv"), read_names(HERE / "broader.tsv")
    around = {row[0]: terms for row, terms in zip(known, broader, strict=True)}
    assert "bird" in around["hen"]
    assert "crustacean" in around["crayfish"]


def test_a_class_lies_near_its_broader_terms(tmp_path: Path) -> None:
    """A class says more of what it is a kind of than of what other classes are."""
    names = Drawn(tmp_path / "names.pt")
    vectors = imagenet_vectors(names)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(1000))
    terms = [row[0] if row else "thing" for row in read_names(HERE / "broader.tsv")]
    own = (vectors * names.vectors(terms)).sum(1).mean()
    others = (vectors * names.vectors(terms[500:] + terms[:500])).sum(1).mean()
    assert own > others + 0.05


def test_part_of_what_names_share_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classes resemble each other less than if nothing were taken away."""
    names = Drawn(tmp_path / "names.pt")
    apart = imagenet_vectors(names)
    monkeypatch.setattr(class_names, "SHARED", 0.0)
    plain = imagenet_vectors(names)
    assert (apart @ apart.T).mean() < 0.8 * (plain @ plain.T).mean()


def test_a_row_without_names_has_no_direction(tmp_path: Path) -> None:
    """Rows of several names get the mean of the names, and empty rows zeros."""
    names = Drawn(tmp_path / "names.pt")
    one, two = names.vectors(["one", "two"])
    expected = torch.stack([(one + two) / 2, torch.zeros(64)])
    torch.testing.assert_close(means(names, [["one", "two"], []], ("{}",)), expected)
