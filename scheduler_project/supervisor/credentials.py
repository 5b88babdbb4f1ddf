"""Secrets the platform makes for itself when nobody gave it any."""

import hashlib
import os
import secrets

from django.conf import settings

from scheduler_project.embedded import files
from scheduler_project.environment import VAR_DIR
from scheduler_project.supervisor.errors import CannotStart


def secret_key() -> str:
    """Return the key of the environment, or the one kept in ``var/run``."""
    if os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"):
        return str(settings.SECRET_KEY)
    kept = VAR_DIR / "run" / "secret_key"
    if not kept.exists():
        if settings.IS_PRODUCTION:
            raise CannotStart("SECRET_KEY is not set, and production does not make one up")
        files.write_private(kept, secrets.token_urlsafe(50) + "\n")
    return kept.read_text().strip()


def flower_environment(key: str) -> dict[str, str]:
    """Return Flower's secrets. In its environment, because command lines can be read by all."""
    login = os.environ.get("FLOWER_BASIC_AUTH") or f"admin:{secrets.token_urlsafe(12)}"
    # Always the same for the same key: a restart logs nobody out.
    cookie_secret = hashlib.sha256(b"flower cookie " + key.encode()).hexdigest()
    return {"FLOWER_BASIC_AUTH": login, "FLOWER_COOKIE_SECRET": cookie_secret}
