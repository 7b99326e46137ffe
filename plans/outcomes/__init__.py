"""Outcome measures along a course of care: asking by rule, and a review when nothing changes that matters."""
