"""Who answers for the clinical knowledge: review, sign-off, and changes by two people."""
