"""What is held back, above every page: nobody shall wonder why nothing runs."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import short_moment
from jobs.models import Hold, HoldScope

_MOST_SHOWN = 3


@dataclass(frozen=True)
class Notice:
    """One sentence; ``look`` is a colour of ``admin.css``, ``sign`` a Material Symbol."""

    look: str
    sign: str
    words: SafeString
    url: str | None


def banner(request: HttpRequest) -> dict[str, Any]:
    """Give templates the notices of open holds; asked for only where they are shown."""
    return {"banner": SimpleLazyObject(lambda: _notices(request))}


def _notices(request: HttpRequest) -> list[Notice]:
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_staff:
        return []
    may_see = user.has_perm("jobs.view_hold")
    holds = list(Hold.objects.open().select_related("job").order_by("-held_at")[:100])
    holds.sort(key=lambda hold: hold.scope != HoldScope.EVERYTHING)
    notices = [_notice(hold, may_see) for hold in holds[:_MOST_SHOWN]]
    if (more := len(holds) - len(notices)) > 0:
        url = reverse("admin:jobs_hold_changelist") if may_see else None
        words = format_html("{} more {} in force.", more, "hold is" if more == 1 else "holds are")
        notices.append(Notice("late", "pause", words, url))
    return notices


def _notice(hold: Hold, may_see: bool) -> Notice:
    is_all = hold.scope == HoldScope.EVERYTHING
    until = format_html(" until {}", short_moment(hold.until)) if hold.until else ""
    words = format_html(
        "<strong>{}</strong> Held back by {} since {}{}: {}",
        "Maintenance: nothing is started." if is_all else f"{_named(hold)} waits.",
        hold.held_by,
        short_moment(hold.held_at),
        until,
        hold.reason,
    )
    url = reverse("admin:jobs_hold_change", args=[hold.pk]) if may_see else None
    return Notice("bad" if is_all else "late", "front_hand" if is_all else "pause", words, url)


def _named(hold: Hold) -> str:
    named = hold.target
    return named[0].upper() + named[1:]
