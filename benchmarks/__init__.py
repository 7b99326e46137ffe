"""Measurements of the promised speeds: `make bench`. Ratios of one run, never timed tests."""
