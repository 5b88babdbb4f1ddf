"""Giving out and taking back API tokens; each is one transaction with its audit entry."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from audit.trail import Actor, record
from core.clock import database_now
from core.errors import Conflict, FieldProblem, InvalidInput
from core.models import ApiToken
from core.tokens import generate_token, parse_token


@transaction.atomic
def issue_token(*, actor: Actor, user: Any, name: str, days: int | None = None) -> str:
    """Return a new token of ``user``, good for ``days`` or until revoked. Only its hash is kept."""
    if not user.is_active:
        raise Conflict("user_inactive", f"User {user.get_username()} is inactive.")
    now = database_now()
    text = generate_token()
    parsed = parse_token(text)
    assert parsed is not None  # noqa: S101  it was made a line above
    token = ApiToken.objects.create(
        key=parsed.key,
        digest=parsed.digest,
        user=user,
        name=name,
        created_at=now,
        expires_at=None if days is None else _after(now, days),
    )
    _record(actor, token, "TokenIssued")
    return text


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """Make a token unusable for good."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is None:
        token.revoked_at = database_now()
        token.save(update_fields=["revoked_at"])
        _record(actor, token, "TokenRevoked")


def _after(now: datetime, days: int) -> datetime:
    try:
        if days < 1:
            raise ValueError
        return now + timedelta(days=days)
    except (ValueError, OverflowError):
        problem = FieldProblem("days", "out_of_range", "give a number of days from 1 on")
        raise InvalidInput([problem]) from None


def _record(actor: Actor, token: ApiToken, action: str) -> None:
    record(
        actor=actor,
        action=action,
        object_type="token",
        object_id=token.key,
        object_label=str(token),
    )
