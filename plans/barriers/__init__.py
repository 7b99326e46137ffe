"""The barrier loop: a short week asks one question, and the answer leads somewhere."""
