"""URLs of the phase review and the progress page."""

from __future__ import annotations

from django.urls import URLPattern, path

from staff.course import pauses_views, progress_views, views

urlpatterns: list[URLPattern] = [
    path("plans/<int:pk>/review/", views.plan_review, name="plan-review"),
    path("plans/<int:pk>/review/judge/", views.plan_review_judge, name="plan-review-judge"),
    path("plans/<int:pk>/review/waive/", views.plan_review_waive, name="plan-review-waive"),
    path("plans/<int:pk>/review/observe/", views.plan_review_observe, name="plan-review-observe"),
    path("plans/<int:pk>/proposals/<int:prescription_pk>/", views.dose_proposal, name="dose-proposal"),
    path("phase-reviews/<int:pk>/decide/", views.phase_review_decide, name="phase-review-decide"),
    path("episodes/<int:pk>/progress/", progress_views.episode_progress, name="episode-progress"),
    path("episodes/<int:pk>/pauses/", pauses_views.home_pause_new, name="home-pause-new"),
    path("episodes/<int:pk>/pauses/<int:pause_pk>/end/", pauses_views.home_pause_end, name="home-pause-end"),
]
