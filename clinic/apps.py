"""App configuration."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "clinic"
    verbose_name = "Clinic"

    def ready(self) -> None:
        """Offer the translations of what patients read here."""
        from clinic.said import SOURCES
        from clinic.texts import ANATOMY_TEXTS

        SOURCES.append(ANATOMY_TEXTS)
