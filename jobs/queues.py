"""What people do to queues; each function is one transaction with its audit entry."""

from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from audit.trail import Actor, record
from core.errors import FieldProblem
from jobs.models import Queue
from jobs.validation import refuse, validate

_FIELDS = ("max_concurrent_executions", "starts_per_minute")


@transaction.atomic
def create_queue(*, actor: Actor, fields: dict[str, Any]) -> Queue:
    """Create a queue; raise ``InvalidInput`` by field."""
    queue = Queue(**fields)
    _validate(queue)
    queue.save(force_insert=True)
    _record(actor, queue, before=None)
    return queue


@transaction.atomic
def change_queue(
    *, actor: Actor, queue: Queue, fields: dict[str, Any], reason: str | None = None
) -> Queue:
    """Change a queue's limits; raise ``InvalidInput`` by field."""
    queue = Queue.objects.select_for_update().get(pk=queue.pk)
    before = model_to_dict(queue, _FIELDS)
    for name, value in fields.items():
        setattr(queue, name, value)
    _validate(queue)
    if model_to_dict(queue, _FIELDS) != before:
        queue.save()
        _record(actor, queue, before=before, reason=reason)
    return queue


def _validate(queue: Queue) -> None:
    detail = "Give at least 1, or leave it empty for no limit. To stop a queue, pause it."
    limits = {name: getattr(queue, name) for name in _FIELDS}
    too_low = [name for name, limit in limits.items() if isinstance(limit, int) and limit < 1]
    refuse([FieldProblem(name, "min_value", detail) for name in too_low])
    validate(queue)


def _record(
    actor: Actor, queue: Queue, before: dict[str, Any] | None, reason: str | None = None
) -> None:
    after = model_to_dict(queue, _FIELDS)
    changed = [name for name in _FIELDS if before is None or after[name] != before[name]]
    record(
        actor=actor,
        action="QueueChanged",
        object_type="queue",
        object_id=queue.name,
        object_label=queue.name,
        before=before and {name: before[name] for name in changed},
        after={name: after[name] for name in changed},
        reason=reason,
    )
