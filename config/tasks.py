"""Tasks of the platform itself."""

from celery import shared_task

from config.health import record_heartbeat


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """Tell `/healthz` that beat, broker and worker carry work from one to the other."""
    record_heartbeat()
