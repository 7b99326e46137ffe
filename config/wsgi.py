"""WSGI entry point. Serving means production unless the environment says otherwise."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("KINEPLAN_ENV", "demo" if os.environ.get("KINEPLAN_DEMO") == "1" else "production")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
