"""Personal links that log somebody in once. Only the hash is kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class LoginLink(models.Model):
    """One link of one person. ``made_by`` is the member of staff who handed it out; nobody when it was asked for."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="login_links")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-made_at"], name="login_link_of_user")]

    def __str__(self) -> str:
        return f"link of {self.user_id}, {'used' if self.used_at else 'open'}"
