"""The product's settings in test mode."""

import os
from urllib.parse import urlsplit

os.environ["KINEPLAN_ENV"] = "test"
os.environ.pop("KINEPLAN_DEMO", None)

from config.settings import *  # noqa: F403

# Several test processes share the engines: each has a database (pytest-django sees to it) and a broker of its own.
_process = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
if _process:
    REDIS_URL = urlsplit(REDIS_URL)._replace(path=f"/{int(_process) + 1}").geturl()  # noqa: F405
    CELERY_BROKER_URL = REDIS_URL
