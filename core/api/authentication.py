"""Who calls: ``Authorization: Bearer <API token>``."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models.functions import Now
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from core.models import ApiToken
from core.tokens import ParsedToken, parse_token

_NOTE_USE_EVERY = timedelta(minutes=1)


class BearerTokenAuthentication(BaseAuthentication):
    """Finds the token by its public part and the hash of its secret.

    Unknown, expired, revoked and garbled tokens get one and the same answer.
    """

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, ApiToken] | None:
        scheme, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        parsed = parse_token(text.strip())
        token = parsed and _find(parsed)
        if not token:
            raise AuthenticationFailed("The token is not valid, has expired or was revoked.")
        _note_use(token, token.now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        challenge = 'Bearer realm="api"'
        has_token = get_authorization_header(request).lower().startswith(b"bearer")
        return f'{challenge}, error="invalid_token"' if has_token else challenge


def _find(parsed: ParsedToken) -> Any:
    """Return the token if it may be used, with the time of the database, in one round trip."""
    tokens = ApiToken.objects.usable(parsed, Now()).annotate(now=Now())
    return tokens.select_related("user").first()


def _note_use(token: ApiToken, now: datetime) -> None:
    """Keep when the token was last used, to the minute: not every call shall write."""
    if token.last_used_at is None or token.last_used_at <= now - _NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
