"""App configuration."""

from django.apps import AppConfig


class ExercisesConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "exercises"
    verbose_name = "Exercises"

    def ready(self) -> None:
        """Offer the translations of what patients read here."""
        from clinic.said import SOURCES
        from exercises.texts import EXERCISE_TEXTS

        SOURCES.append(EXERCISE_TEXTS)
