"""Times and spans in templates, as everywhere else: UTC, to the second."""

from datetime import datetime

from django import template
from django.utils.safestring import SafeString

from core import admin_display
from core.times import show_span

register = template.Library()


@register.filter
def span(seconds: float | None) -> str:
    """Write such as "3 min 5 s", and what is shorter than a blink in milliseconds."""
    if seconds is not None and seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return show_span(seconds)


@register.filter
def until(moment: datetime, now: datetime) -> str:
    """Write how far ``moment`` is from ``now``, to whole seconds."""
    seconds = round((moment - now).total_seconds())
    return f"in {show_span(seconds)}" if seconds > 0 else "now"


@register.filter
def moment(at: datetime | None) -> SafeString:
    """Write a time in UTC, and say that it is UTC."""
    return admin_display.moment(at)


@register.filter
def short_moment(at: datetime | None) -> SafeString:
    """Write a time in UTC, where the head of the column says so."""
    return admin_display.short_moment(at)
