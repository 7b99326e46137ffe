"""The course of care as read from the rows: measurements, logs, the running phase, evidence, the time axis."""
