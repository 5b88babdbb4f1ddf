"""The last slots of a schedule, each with what became of it."""

from collections import deque
from datetime import datetime, timedelta
from itertools import islice

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import badge, link_to, moment, short_moment, table
from executions.admin.display import status_badge
from executions.ledger.entries import Entry, Fate
from executions.ledger.reading import read_ledger
from executions.models import JobExecution
from jobs.models import JobSchedule

MOST_SLOTS = 50
_MOST_READ = 20_000
# Looked at one after the other, until there are enough slots.
_REACHES = [timedelta(hours=1), *(timedelta(days=days) for days in (1, 7, 60, 400, 3_700))]
_LOOKS = {
    Fate.RAN: ("good", "check"),
    Fate.LATE: ("late", "schedule"),
    Fate.UNDER_WAY: ("active", "play_arrow"),
    Fate.SKIPPED: ("missed", "skip_next"),
    Fate.PAUSED: ("late", "pause"),
    Fate.STOPPED: ("stopped", "stop_circle"),
    Fate.COMPLETED: ("waiting", "done_all"),
    Fate.ARCHIVED: ("stopped", "inventory_2"),
    Fate.FORGOTTEN: ("waiting", "auto_delete"),
    Fate.BACKFILLED: ("late", "history"),
    Fate.MISSED: ("bad", "error"),
    Fate.NOT_DUE: ("waiting", "hourglass_empty"),
    Fate.UNEXPECTED: ("bad", "question_mark"),
    Fate.UNKNOWN: ("bad", "warning"),
}


def last_slots(schedule: JobSchedule, *, now: datetime) -> list[Entry]:
    """Return what became of the latest slots that were due, newest first."""
    entries: list[Entry] = []
    for reach in _REACHES:
        after = max(now - reach, schedule.created_at)
        lines = read_ledger(schedule, after=after, until=now, now=now)
        entries = list(deque(islice(lines, _MOST_READ), maxlen=MOST_SLOTS))
        if len(entries) == MOST_SLOTS or after == schedule.created_at:
            break
    return entries[::-1]


def slots_table(entries: list[Entry]) -> SafeString:
    """Return them as a table."""
    rows = [
        (
            short_moment(entry.slot),
            fate_badge(entry.fate),
            entry.detail or "",
            entry.row.business_date.isoformat() if entry.row and entry.row.business_date else "",
            _execution(entry),
        )
        for entry in entries
    ]
    columns = ["slot (UTC)", "came to", "why", "business date", "execution"]
    return table(columns, rows, empty="None has been due yet.")


def fate_badge(fate: Fate) -> SafeString:
    """Return what became of a slot as a badge."""
    look, sign = _LOOKS[fate]
    return badge(fate.replace("_", " "), look=look, sign=sign)


def slots_words(entries: list[Entry]) -> SafeString | str:
    """Say in one line whether all of them are accounted for."""
    holes = [entry for entry in entries if entry.fate == Fate.MISSED]
    if not holes:
        return ""
    return format_html(
        '<p class="banner banner-bad"><span>{} of these slots {} missed: nothing shows that'
        " anybody looked at it. The latest was due at {}.</span></p>",
        len(holes),
        "is" if len(holes) == 1 else "are",
        moment(holes[0].slot),
    )


def _execution(entry: Entry) -> SafeString | str:
    shown: SafeString | str = ""
    if entry.row is not None:
        shown = link_to(JobExecution, entry.row.id, status_badge(entry.row.status))
    if (since := entry.backfilled) is None:
        return shown
    link = link_to(JobExecution, since.id, status_badge(since.status))
    return format_html('{} <span class="quiet">backfilled</span> {}', shown, link)
