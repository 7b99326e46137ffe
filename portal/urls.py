"""Addresses below /portal/."""

from django.urls import URLPattern, URLResolver, path

from portal.views import changed, diary, logs, notices, pauses, plan, push, questions, session, settings, today, visits

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("session/", session.session, name="session"),
    path("session/<int:pk>/", session.one, name="session-one"),
    path("exercise/<int:pk>/", today.exercise, name="exercise"),
    path("exercise/<int:pk>/log/", logs.log, name="log"),
    path("log/<int:pk>/pain/", logs.pain, name="log-pain"),
    path("log/<int:pk>/undo/", logs.take_back, name="log-undo"),
    path("plan/", plan.plan, name="plan"),
    path("plan/exercises.pdf", plan.handout, name="handout"),
    path("news/seen/", plan.news_seen, name="news-seen"),
    path("progress/", plan.progress, name="progress"),
    path("diary/", diary.diary, name="diary"),
    path("diary/new/", diary.write, name="diary-new"),
    path("diary/none/", diary.quiet, name="diary-quiet"),
    path("diary/<int:pk>/", diary.write, name="diary-edit"),
    path("diary/<int:pk>/remove/", diary.remove, name="diary-remove"),
    path("if-it-comes-back/", plan.flare, name="flare"),
    path("visits/", visits.visits, name="visits"),
    path("visits/<int:pk>/confirm/", visits.confirm, name="visit-confirm"),
    path("visits/<int:pk>/cancel/", visits.cancel, name="visit-cancel"),
    path("visits/<int:pk>/visit.ics", visits.calendar, name="visit-calendar"),
    path("changed/", changed.changed, name="changed"),
    path("changed/<int:pk>/", changed.told, name="told"),
    path("questions/", questions.first, name="questions-first"),
    path("questions/<int:pk>/", questions.questions, name="questions"),
    path("questions/<int:pk>/decline/", questions.not_wanted, name="questions-decline"),
    path("notices/", notices.notices, name="notices"),
    path("notices/seen/", notices.notices_seen, name="notices-seen"),
    path("notices/<int:pk>/open/", notices.notice_open, name="notice-open"),
    path("push/key/", push.push_key_page, name="push-key"),
    path("push/on/", push.push_on, name="push-on"),
    path("push/off/", push.push_off, name="push-off"),
    path("pause/", pauses.pauses, name="pauses"),
    path("pause/<int:pk>/end/", pauses.end, name="pause-end"),
    path("settings/", settings.settings, name="settings"),
    path("settings/reminders/", settings.reminders, name="reminders"),
    path("settings/pause/", settings.pause, name="pause-messages"),
]
