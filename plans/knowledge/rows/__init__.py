"""The knowledge as rows: documents from rows, the knowledge in force, loading the shipped files."""
