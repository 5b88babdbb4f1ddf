"""Answers that come later: addresses that can be called once, and what was said there."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from core.clock import database_now
from core.errors import Conflict, NotFound
from executions.models import Callback, JobExecution
from executions.states import FINAL


@dataclass(frozen=True)
class CallbackAddress:
    """Where the other side may answer once; who knows the token may."""

    token: str

    @property
    def url(self) -> str:
        return f"{settings.PUBLIC_BASE_URL.rstrip('/')}/api/callbacks/{self.token}"


def open_callback(*, execution_id: UUID, attempt: int) -> CallbackAddress:
    """Make an address for the answer to one attempt; only the token's hash is kept."""
    address = CallbackAddress(secrets.token_urlsafe(32))
    Callback.objects.create(
        execution_id=execution_id, attempt=attempt, token_hash=_hash(address.token)
    )
    return address


def find_answer(*, execution_id: UUID, since: datetime) -> dict[str, Any] | None:
    """Return an answer to the execution that nobody has acted on, or None.

    That is one that has come since the attempt began, or an earlier one that it succeeded: an
    attempt that had read it would have been the last.
    """
    answered = Callback.objects.filter(execution_id=execution_id, received_at__isnull=False)
    unread = answered.filter(Q(received_at__gte=since) | Q(answer__status="succeeded"))
    answer: dict[str, Any] | None = (
        unread.order_by("-received_at").values_list("answer", flat=True).first()
    )
    return answer


@transaction.atomic
def receive_answer(*, token: str, answer: dict[str, Any]) -> None:
    """Keep the answer; raise ``NotFound`` or ``Conflict`` when nobody waits for it (any more)."""
    callback = Callback.objects.select_for_update().filter(token_hash=_hash(token)).first()
    if callback is None:
        raise NotFound("Nobody waits at this address; its last part is not a token given out here.")
    if callback.received_at is not None:
        raise Conflict("callback_used", "The answer was given already; each address takes one.")
    execution = (
        JobExecution.objects.select_for_update(no_key=True).filter(pk=callback.execution_id).first()
    )
    if execution is None or execution.status in FINAL:
        raise Conflict(
            "callback_late", "The execution that waited for this answer has ended without it."
        )
    callback.received_at, callback.answer = database_now(), answer
    callback.save(update_fields=["received_at", "answer"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
