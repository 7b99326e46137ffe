"""Watching running plans: which of them call for a person, by rule."""
