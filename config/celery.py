"""The Celery app. Redis only wakes workers up: what is due is a row in the database."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("kineplan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
