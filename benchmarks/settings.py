"""The product's settings with one empty view beside it, so that both run under the same server."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
