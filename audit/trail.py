"""The only writer of the audit trail."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.models import JobAudit
from core.ids import uuid7


@dataclass(frozen=True)
class Actor:
    """Who acts: the authenticated principal, what the caller claims, and the request it came by."""

    name: str
    id: str | None = None
    claims: str | None = None
    request_id: UUID | None = None


PLATFORM = Actor(name="platform")


def record(
    *,
    actor: Actor,
    action: str,
    object_type: str,
    object_id: object,
    object_label: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Add one entry, in the caller's transaction: the act and its record stand or fall together.

    ``before`` and ``after`` are JSON-ready and hold only the fields that changed.
    """
    JobAudit.objects.create(
        actor=actor.name,
        actor_id=actor.id,
        claimed_actor=actor.claims,
        action=action,
        object_type=object_type,
        object_id=str(object_id),
        object_label=object_label,
        before=before,
        after=after,
        reason=reason,
        request_id=actor.request_id or uuid7(),
    )
