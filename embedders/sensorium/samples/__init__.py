"""Real photos, sounds, motion, depth maps and thermal pictures that come with the package.

`media/ATTRIBUTION.md` says where each file is from, and under which licence.
"""

from sensorium.samples.samples import FOLDER, NOTES, notes, sample, sample_names

__all__ = ["FOLDER", "NOTES", "notes", "sample", "sample_names"]
