"""The ways a message travels. A channel hands over and says honestly what it knows about the outcome."""
