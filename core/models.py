"""Rows every app may need: API tokens."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.tokens import ParsedToken


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, parsed: ParsedToken, now: datetime | Now) -> Self:
        """Return the one token that matches, if it may be used at ``now``."""
        unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        return self.filter(
            unexpired,
            key=parsed.key,
            digest=parsed.digest,
            revoked_at__isnull=True,
            user__is_active=True,
        )


class ApiToken(models.Model):
    """A secret that acts as its user on the REST API; only the secret's SHA-256 is kept."""

    key = models.CharField(max_length=8, unique=True, help_text="The public part of the token.")
    digest = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.key}, {self.user})"
