"""The product's settings in test mode."""

import os

os.environ["KINEPLAN_ENV"] = "test"
os.environ.pop("KINEPLAN_DEMO", None)

from config.settings import *  # noqa: F403
