"""Values as the REST contract writes them."""

from datetime import datetime

from core.api.fields import UtcDateTimeField


def as_utc(moment: datetime | None) -> str | None:
    """Return an instant with its Z, or None."""
    return None if moment is None else str(UtcDateTimeField().to_representation(moment))
