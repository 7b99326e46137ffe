"""The shipped clinical knowledge: reviewed files, their typed reading, and the rows a clinic edits."""
