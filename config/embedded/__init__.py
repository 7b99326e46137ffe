"""Private PostgreSQL and Valkey for an installation that was given none."""
