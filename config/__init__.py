"""The platform of Kineplan: settings, addresses, the Celery app, embedded engines. Knows every other package."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
