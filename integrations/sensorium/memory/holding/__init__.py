"""What holds now: records that supersede others, former versions, and contradictions."""
