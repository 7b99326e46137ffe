"""Domain refusals, shown at the form field they name and never losing what was typed."""

from __future__ import annotations

from django import forms

from clinic.errors import DomainError, ManyProblems


def attach(form: forms.BaseForm, error: DomainError) -> None:
    """Add each problem to its field, or to the form when the field is not on the page."""
    for problem in error.problems if isinstance(error, ManyProblems) else (error,):
        visible = problem.field in form.fields and not form.fields[problem.field].widget.is_hidden
        form.add_error(problem.field if visible else None, problem.message)
