"""What the recordings in `spoken` say."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "spoken"
NOTES = {
    "shopping": "Please buy milk, bread and eggs on the way home.",
    "parking": "I parked the car on the third floor of the garage.",
    "train": "The train to London leaves from platform nine.",
    "birthday": "Happy birthday, my dear grandmother.",
    "garden": "We need to water the plants in the garden every evening.",
    "flight": "My flight was cancelled because of the storm.",
    "way": "Turn left at the church and then follow the river.",
    "dog": "The dog has to take his medicine after dinner.",
    "windows": "Do not forget to close the windows before you leave.",
    "concert": "The concert begins at seven o'clock in the old theatre.",
}
