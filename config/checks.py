"""System checks of the platform."""
