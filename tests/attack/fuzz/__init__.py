"""Random and damaged input: only errors of Sensorium's own may come out."""
