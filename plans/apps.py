"""App configuration."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "plans"
    verbose_name = "Plans"

    def ready(self) -> None:
        """Offer the translations of what patients read here."""
        from clinic.said import SOURCES
        from plans.knowledge.texts import KNOWLEDGE_TEXTS

        SOURCES.append(KNOWLEDGE_TEXTS)
