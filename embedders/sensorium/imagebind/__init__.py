"""ImageBind: six towers, one space. Written anew from the paper; no code of the reference."""

from sensorium.imagebind.config import ImageBindConfig
from sensorium.imagebind.encoder import ImageBindEncoder
from sensorium.imagebind.model import ImageBind
from sensorium.imagebind.preprocess import Profile
from sensorium.imagebind.tower import Tower

__all__ = ["ImageBind", "ImageBindConfig", "ImageBindEncoder", "Profile", "Tower", "open_huge"]


def open_huge(*, device: str = "auto", dtype: str = "auto") -> ImageBindEncoder:
    """Open the released `imagebind_huge` from Sensorium's home, where `weights download` puts it.

    Raises:
        CheckpointNotFoundError: It is not there yet; the message holds the command.
    """
    from sensorium.imagebind.releases import release_directory

    path = release_directory("imagebind-huge")
    return ImageBindEncoder.from_checkpoint(path, device=device, dtype=dtype)
