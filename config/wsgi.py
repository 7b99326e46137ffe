"""WSGI entry point. Serving means production unless the environment says otherwise."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("KINEPLAN_ENV", "demo" if os.environ.get("KINEPLAN_DEMO") == "1" else "production")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

# What start-up made lives as long as the process. Looking through it again for every few hundred objects that a request
# makes cost a fifth of the processor time of the portal's first page.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
