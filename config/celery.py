"""The Celery app. Redis only wakes workers up: what is due is a row in the database."""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("kineplan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def first_heartbeat(**_: object) -> None:
    """Send one heartbeat through the broker at once, so that /healthz need not wait for the first tick of beat."""
    app.send_task("config.tasks.heartbeat")
