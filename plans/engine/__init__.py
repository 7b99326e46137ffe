"""The plan engine: pure, deterministic, explainable. No Django, no clock, no randomness."""
