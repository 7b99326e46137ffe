"""Addresses below /api/."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from api.resources.appointments import AppointmentViewSet
from api.resources.assessments import AssessmentViewSet
from api.resources.exercises import PrescriptionViewSet, SessionLogViewSet
from api.resources.patients import PatientViewSet
from api.resources.plans import PlanViewSet, VersionViewSet
from api.views import NothingHere

router = SimpleRouter()
router.register("patients", PatientViewSet, basename="patient")
router.register("assessments", AssessmentViewSet, basename="assessment")
router.register("plans", PlanViewSet, basename="plan")
router.register("plan-versions", VersionViewSet, basename="plan-version")
router.register("prescriptions", PrescriptionViewSet, basename="prescription")
router.register("session-logs", SessionLogViewSet, basename="session-log")
router.register("appointments", AppointmentViewSet, basename="appointment")

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^.*$", NothingHere.as_view(), name="nothing"),
]
