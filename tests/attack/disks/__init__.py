"""Disks that are full, or lose their power."""
