"""The end of a course of care: its record, built from what was measured, and its signature."""
