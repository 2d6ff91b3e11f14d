"""Pictures of ImageBind's vectors, by a StableUnCLIP pipeline of diffusers.

ImageBind's image tower is OpenCLIP's ViT-H, frozen (the paper, section 3), and all its modalities
are bound to that tower's space. A pipeline that was trained to decode the vectors of ViT-H takes
them all.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from sensorium.encoders import EmbeddingSpace, Encoder
from sensorium.encoders.encoder import Vectors
from sensorium.encoders.forking import Lock
from sensorium.encoders.placement import resolve_device, resolve_dtype
from sensorium.errors import (
    CheckpointFormatError,
    CheckpointNotFoundError,
    EncodingError,
    LicenceNotAcceptedError,
    MissingExtraError,
    SpaceMismatchError,
    first_line,
)
from sensorium.percepts import Image

STEPS = 20  # of denoising, the pipeline's own default
ALIKE = 0.8  # cosine of one picture's two vectors from which on the space is taken for the same
PIPELINE = "StableUnCLIPImg2ImgPipeline"
LICENCE = re.compile(r"^license(?:_name)?:\s*[\"']?([^\s\"']+)", re.MULTILINE)


class StableUnCLIPDecoder:
    """Makes pictures of the vectors of an encoder whose image tower is the pipeline's own.

    Attributes:
        licence: Licence of the weights, as their card names it.
    """

    def __init__(
        self,
        name: str | Path,
        *,
        encoder: Encoder,
        accept_licence: bool = False,
        device: str = "auto",
        dtype: str = "auto",
        steps: int = STEPS,
        seed: int = 0,
    ) -> None:
        """Open a pipeline that is on this machine, and compare its space with the encoder's.

        Args:
            name: Folder of the pipeline, or the name of a downloaded one.
            encoder: Encoder of the vectors, such as ImageBind; it encodes images.
            accept_licence: Whether you read the licence of the weights and agree to it.
            device: `"auto"`, `"cpu"`, `"cuda"`, ...
            dtype: `"auto"`, `"float32"`, `"bfloat16"` or `"float16"`.
            steps: Steps of denoising; more are slower and finer.
            seed: Seed of the noise: the same vector gives the same picture.
        Raises:
            MissingExtraError: diffusers is not installed.
            CheckpointNotFoundError: No such folder, or the pipeline was not downloaded.
            CheckpointFormatError: It is no StableUnCLIP pipeline.
            LicenceNotAcceptedError: The message names the licence.
            SpaceMismatchError: The two have different vectors of one picture.
            EncodingError: A device or precision that it cannot have, or an encoder without images.
        """
        folder = _folder(name)
        self.licence = _licence(folder)
        if not accept_licence:
            raise LicenceNotAcceptedError(
                f"the weights in {str(folder)!r}, under {self.licence}",
                "your word that you read the licence and agree",
                "read the card beside the weights, then pass accept_licence=True",
            )
        place = resolve_device(device)
        self._pipeline = _opened(folder, resolve_dtype(dtype, place)).to(place)
        self._pipeline.set_progress_bar_config(disable=True)
        self._steps, self._seed = steps, seed
        self._lock = Lock()  # a pipeline keeps what it does among its attributes
        self._space = encoder.space
        self._check_space(encoder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._space.id}, licence={self.licence!r})"

    @property
    def space(self) -> EmbeddingSpace:
        """The space of the encoder that it was opened for."""
        return self._space

    def decode(self, vector: Vectors, /) -> Image:
        """Make a picture of a unit vector `(D,)`.

        A vector has the length that those had with which the pipeline was trained, by the means and
        standard deviations that it keeps of them.
        """
        normalizer = self._pipeline.image_normalizer
        learned = torch.cat([normalizer.mean, normalizer.std]).detach().float()
        typical = torch.linalg.vector_norm(learned)
        generator = torch.Generator("cpu").manual_seed(self._seed)
        weights = next(self._pipeline.unet.parameters())
        given = torch.from_numpy(np.array(vector, np.float32))[None] * float(typical)  # (1, D)
        with self._lock, torch.inference_mode():
            made = self._pipeline(
                prompt="",
                image_embeds=given.to(weights.device, weights.dtype),
                num_inference_steps=self._steps,
                generator=generator,
            )
        return Image(made.images[0])

    def _check_space(self, encoder: Encoder) -> None:
        """Compare the vectors that both have of one picture.

        Raises:
            SpaceMismatchError: They differ.
        """
        if "image" not in encoder.modalities:
            raise EncodingError(
                f"the encoder {encoder.space.model!r} without images",
                "an encoder of images: by one its space is compared with the pipeline's",
                "open it with modality image",
            )
        picture = _picture()
        [theirs] = encoder.embed([picture])
        extractor = self._pipeline.feature_extractor
        seen = extractor(images=picture.picture(), return_tensors="pt")
        tower = self._pipeline.image_encoder
        weights = next(tower.parameters())
        with torch.inference_mode():
            pixels = seen.pixel_values.to(weights.device, weights.dtype)
            own = tower(pixels).image_embeds[0].float().cpu().numpy()
        likeness = (
            float(own @ theirs / np.linalg.norm(own)) if own.shape == theirs.shape else float("nan")
        )
        if not likeness >= ALIKE:
            raise SpaceMismatchError(
                f"a pipeline whose vectors ({len(own)} numbers) are not those of "
                f"{encoder.space.id}: the two of one picture have the cosine {likeness:.2f}",
                "an encoder whose image tower is the pipeline's own, as ImageBind's is CLIP ViT-H",
                "use the pipeline of that tower; for other spaces, give nearest_words(...) to a "
                "model that starts from text",
            )


def _picture() -> Image:
    """Return a picture with colours, edges and a gradient, the same everywhere."""
    y, x = np.mgrid[0:224, 0:224] / 223
    disc = (x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.06
    bands = [x, np.where(disc, 0.9, y), np.where(disc, 0.1, 1 - x * y)]
    return Image((255 * np.stack(bands, axis=-1)).astype(np.uint8))


def _folder(name: str | Path) -> Path:
    path = Path(name).expanduser()
    if not path.is_dir():
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        try:
            path = Path(snapshot_download(str(name), local_files_only=True))
        except (HFValidationError, LocalEntryNotFoundError) as error:
            raise CheckpointNotFoundError(
                f"the pipeline {str(name)!r}, which is not on this machine",
                "the folder of a pipeline, or one that was downloaded",
                f"read its licence, then run: hf download {name}",
            ) from error
    index = path / "model_index.json"
    if not index.is_file() or PIPELINE not in index.read_text(encoding="utf-8"):
        raise CheckpointFormatError(
            f"the folder {str(path)!r}",
            f"a pipeline of the class {PIPELINE} (model_index.json names it)",
            "pass the folder that save_pretrained of such a pipeline wrote",
        )
    return path


def _licence(folder: Path) -> str:
    """Return the licence that a card names at its top."""
    card = folder / "README.md"
    found = LICENCE.findall(card.read_text(encoding="utf-8")) if card.is_file() else []
    return str(found[-1]) if found else "a licence that no card beside them names"


def _opened(folder: Path, dtype: torch.dtype) -> Any:
    try:
        from diffusers import StableUnCLIPImg2ImgPipeline
        from diffusers.utils import logging
    except ImportError as error:
        raise MissingExtraError.for_package("diffusers", "diffusers") from error
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():  # of what the library does with its own classes
            warnings.simplefilter("ignore")
            return StableUnCLIPImg2ImgPipeline.from_pretrained(
                str(folder), dtype=dtype, local_files_only=True
            )
    except Exception as error:  # whatever the classes of its parts raise
        raise CheckpointFormatError(
            f"the pipeline in {str(folder)!r}, which cannot be opened ({first_line(error)})",
            "all its parts, undamaged",
            "download it again",
        ) from error
