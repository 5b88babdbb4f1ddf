"""Who did what: rows that are only ever added (a database trigger refuses everything else)."""

from django.db import models
from django.db.models.functions import Now

from core.ids import uuid7


class JobAudit(models.Model):
    """One act of a person or of the platform, with what it changed.

    The actor is kept as text and id, without a foreign key: an entry outlives the account.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    actor = models.TextField(help_text="The authenticated principal, or the platform's own part.")
    actor_id = models.TextField(null=True)
    claimed_actor = models.TextField(null=True, help_text="The caller's own claim (createdBy).")
    action = models.TextField(help_text="The contract's action, such as JobCreated.")
    object_type = models.TextField()
    object_id = models.TextField()
    object_label = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(null=True)
    request_id = models.UUIDField(default=uuid7)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_of_object"),
            models.Index(fields=["action", "-id"], name="audit_of_action"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_label} by {self.actor}"
