"""Addresses below /portal/."""

from django.urls import URLPattern, URLResolver, path

from portal.views import changed, info, logs, plan, questions, settings, today

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("exercise/<int:pk>/", today.exercise, name="exercise"),
    path("exercise/<int:pk>/log/", logs.log, name="log"),
    path("log/<int:pk>/pain/", logs.pain, name="log-pain"),
    path("log/<int:pk>/undo/", logs.take_back, name="log-undo"),
    path("plan/", plan.plan, name="plan"),
    path("plan/exercises.pdf", plan.handout, name="handout"),
    path("news/seen/", plan.news_seen, name="news-seen"),
    path("progress/", plan.progress, name="progress"),
    path("if-it-comes-back/", plan.flare, name="flare"),
    path("visits/", info.visits, name="visits"),
    path("changed/", changed.changed, name="changed"),
    path("changed/<int:pk>/", changed.told, name="told"),
    path("questions/", questions.first, name="questions-first"),
    path("questions/<int:pk>/", questions.questions, name="questions"),
    path("questions/<int:pk>/decline/", questions.not_wanted, name="questions-decline"),
    path("settings/", settings.settings, name="settings"),
    path("settings/reminders/", settings.reminders, name="reminders"),
]
