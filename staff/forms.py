"""What the staff forms share: domain problems shown at their fields, everything typed kept."""

from __future__ import annotations

from django.forms import BaseForm

from clinic.errors import DomainError, ManyProblems


def add_problems(form: BaseForm, error: DomainError) -> None:
    """Put a domain error at the field it names, or on top of the form when the form has no such field."""
    for problem in error.problems if isinstance(error, ManyProblems) else (error,):
        form.add_error(problem.field if problem.field in form.fields else None, problem.message)
