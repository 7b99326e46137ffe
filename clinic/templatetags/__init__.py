"""Presentational template tags shared by the staff pages and the portal."""
