"""ImageBind: six towers, one space. Written anew from the paper, without the reference's code."""

from importlib.util import find_spec

from sensorium.errors import MissingExtraError

if _missing := [name for name in ("torch", "torchaudio", "ftfy") if find_spec(name) is None]:
    raise MissingExtraError.for_package(_missing[0], "imagebind")

from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.encoder import ImageBindEncoder
from sensorium.imagebind.model import ImageBind
from sensorium.imagebind.preprocess import Profile
from sensorium.imagebind.tower import Tower

__all__ = ["ImageBind", "ImageBindConfig", "ImageBindEncoder", "Profile", "Tower", "open_huge"]


def open_huge(*, device: str = "auto", dtype: str = "auto") -> ImageBindEncoder:
    """Open the released `imagebind_huge`, where `sensorium weights download` has put it.

    Args:
        device: Device of the towers, as `ImageBind.from_checkpoint` takes it.
        dtype: Precision of the towers, as `ImageBind.from_checkpoint` takes it.
    Raises:
        CheckpointNotFoundError: It was not downloaded yet; the message holds the command.
        WeightsError: The files are damaged.
        EncodingError: An unknown device or dtype.
    """
    from sensorium.imagebind.releases import release_directory

    path = release_directory("imagebind-huge")
    return ImageBindEncoder.from_checkpoint(path, device=device, dtype=dtype)
