"""Making scores of different modalities comparable, and turning them into a confidence."""
