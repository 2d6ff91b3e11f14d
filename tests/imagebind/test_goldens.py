"""The towers and the preprocessing give what the reference implementation gives."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from tests.support.golden_files import GOLDENS, TINY, TINY_CHECKPOINT
from torch.nn import functional as F

from sensorium.imagebind import ImageBind
from sensorium.imagebind.preprocess.audio import paper_windows
from sensorium.imagebind.preprocess.image import image_tensor
from sensorium.percepts import Audio, Image

KEYS = {
    "text": "text",
    "image": "vision",
    "video": "video",
    "audio": "audio",
    "depth": "depth",
    "thermal": "thermal",
    "imu": "imu",
}
PREPROCESSED = load_file(GOLDENS / "preprocess.safetensors")
SCALED_TOLERANCE, UNIT_TOLERANCE = 1e-4, 1e-5  # absolute; see goldens/README.md


def golden_input(goldens: dict[str, torch.Tensor], modality: str) -> torch.Tensor:
    return goldens["tokens"] if modality == "text" else goldens[f"in.{KEYS[modality]}"].float()


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("modality", KEYS)
def test_scaled_outputs_equal_the_references(
    goldens: dict[str, torch.Tensor], modality: str, packed: bool
) -> None:
    """All seven inputs through six towers, several clips averaged after scaling, in float32."""
    model = ImageBind.from_checkpoint(
        TINY_CHECKPOINT, config=TINY, device="cpu", dtype="float32", packed=packed
    )
    scaled = model.forward(modality, golden_input(goldens, modality), scaled=True)
    torch.testing.assert_close(
        scaled, goldens[f"out.{KEYS[modality]}"], rtol=0, atol=SCALED_TOLERANCE
    )


@pytest.mark.parametrize("modality", KEYS)
def test_unit_outputs_point_where_the_references_do(
    tiny: ImageBind, goldens: dict[str, torch.Tensor], modality: str
) -> None:
    """Unscaled outputs are the reference's directions; pooling unit vectors changes none."""
    unit = tiny.forward(modality, golden_input(goldens, modality))
    wanted = F.normalize(goldens[f"out.{KEYS[modality]}"], dim=-1)
    torch.testing.assert_close(unit, wanted, rtol=0, atol=UNIT_TOLERANCE)


@pytest.mark.parametrize("modality", KEYS)
def test_bfloat16_stays_close(goldens: dict[str, torch.Tensor], modality: str) -> None:
    """Half precision keeps every direction within a cosine of 0.999."""
    model = ImageBind.from_checkpoint(
        TINY_CHECKPOINT, config=TINY, device="cpu", dtype="bfloat16", modalities=[modality]
    )
    got = model.forward(modality, golden_input(goldens, modality))
    cosine = F.cosine_similarity(got, goldens[f"out.{KEYS[modality]}"])
    assert got.dtype == torch.float32
    assert cosine.min() > 0.999


@pytest.mark.parametrize("stem", ["grey", "tall", "wide"])
def test_images_are_preprocessed_as_the_reference_does(stem: str) -> None:
    """Resizing, cropping and normalising differ by at most 1e-2, 1e-4 on average."""
    ours = image_tensor(Image(GOLDENS / "media" / f"{stem}.png").picture())
    difference = (ours - PREPROCESSED[f"image.{stem}"]).abs()
    assert difference.max() < 1e-2
    assert difference.mean() < 1e-4


@pytest.mark.parametrize("stem", ["chirp_2s_16k", "chirp_5s_44k_stereo", "chirp_7s3_22k"])
def test_sounds_are_preprocessed_as_the_reference_does(stem: str) -> None:
    """Down-mixing, resampling, the three windows and their log-mels differ by at most 1e-3."""
    windows = list(paper_windows(Audio(GOLDENS / "media" / f"{stem}.wav")))
    ours = torch.stack([window for _, window in windows])
    torch.testing.assert_close(ours, PREPROCESSED[f"audio.{stem}"], rtol=0, atol=1e-3)
