"""Pages about safety: releasing held items, and overrides counted per rule."""
