"""Treatment notes: what may be done at one visit, what a new note carries over, what it is read against."""
