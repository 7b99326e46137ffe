"""All addresses of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from config.demo_mailbox import demo_mailbox
from config.health import healthz
from config.link_views import enter, send
from config.metrics import metrics
from config.views import choose_language, home

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("in/", send, name="link-send"),
    path("in/<str:token>/", enter, name="link-enter"),
    path("language/", choose_language, name="language"),
    path("metrics/", metrics, name="metrics"),
    path("hooks/", include("api.hook_urls")),
    path("accounts/", include("allauth.urls")),
    path("staff/", include("staff.urls")),
    path("portal/", include("portal.urls")),
    path("api/", include("api.urls")),
    path("admin/", admin.site.urls),
]

if settings.DEMO:
    urlpatterns.append(path("demo/mailbox/", demo_mailbox, name="demo_mailbox"))
