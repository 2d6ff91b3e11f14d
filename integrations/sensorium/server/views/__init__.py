"""What a page draws: waveforms, curves, grids, densities, planes."""
