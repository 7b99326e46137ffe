"""The product's addresses and an empty view that passes the same middleware."""

from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from config.urls import urlpatterns as product
from exercises.models import SessionLog


@login_not_required
def empty(request: HttpRequest) -> HttpResponse:
    """Nothing at all."""
    return HttpResponse("ok")


@csrf_exempt
@login_not_required
@require_POST
def insert(request: HttpRequest) -> HttpResponse:
    """The row of one log and nothing else; the database writes its history by trigger."""
    SessionLog.objects.create(
        prescription_id=request.POST["prescription"],
        patient_id=request.POST["patient"],
        on=request.POST["on"],
        bout=request.POST["bout"],
        state="done",
        acted_at=timezone.now(),
        recorded_by_id=cast(int, request.user.pk),
    )
    return HttpResponse(status=204)


urlpatterns = [path("bench/empty/", empty), path("bench/insert/", insert), *product]
