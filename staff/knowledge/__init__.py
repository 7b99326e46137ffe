"""The review of the clinical knowledge: sign-off, proposed changes, differences from the shipped text."""
