"""App configuration."""

from django.apps import AppConfig


class AssessmentsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "assessments"
    verbose_name = "Assessments"

    def ready(self) -> None:
        """Offer the translations of what patients read here."""
        from assessments.outcomes.texts import OUTCOME_TEXTS
        from clinic.said import SOURCES

        SOURCES.append(OUTCOME_TEXTS)
