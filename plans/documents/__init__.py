"""Documents on paper: the patient's handout and letters to colleagues, as tagged PDF."""
