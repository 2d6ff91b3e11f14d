"""Writers are killed at random moments; what they acknowledged must be there."""
