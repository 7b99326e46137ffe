"""Addresses below /staff/, one package per area."""

from django.urls import URLPattern, URLResolver

from staff.assessments.urls import urlpatterns as assessment_urls
from staff.course.urls import urlpatterns as course_urls
from staff.diary.urls import urlpatterns as diary_urls
from staff.discharge.urls import urlpatterns as discharge_urls
from staff.documents.urls import urlpatterns as document_urls
from staff.knowledge.urls import urlpatterns as knowledge_urls
from staff.notes.urls import urlpatterns as note_urls
from staff.outbox.urls import urlpatterns as outbox_urls
from staff.outcomes.urls import urlpatterns as outcome_urls
from staff.patients.urls import urlpatterns as patient_urls
from staff.plans.urls import urlpatterns as plan_urls
from staff.safety.urls import urlpatterns as safety_urls
from staff.told.urls import urlpatterns as told_urls
from staff.worklist.urls import urlpatterns as worklist_urls

app_name = "staff"
urlpatterns: list[URLPattern | URLResolver] = [
    *patient_urls,
    *assessment_urls,
    *plan_urls,
    *note_urls,
    *discharge_urls,
    *course_urls,
    *diary_urls,
    *document_urls,
    *worklist_urls,
    *outbox_urls,
    *knowledge_urls,
    *outcome_urls,
    *safety_urls,
    *told_urls,
]
