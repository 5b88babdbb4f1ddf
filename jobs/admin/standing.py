"""What is said above a schedule that does not fire: who stopped it and why, or what is wrong."""

from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.admin_display import icon, link, moment
from jobs.admin.display import is_complete
from jobs.models import JobSchedule


def banners_of(schedule: JobSchedule) -> Iterator[SafeString]:
    """What holds a schedule up, each in a box of its own."""
    if schedule.archived_at:
        return
    if schedule.paused_at:
        yield _box("pause", _paused_words(schedule))
    if schedule.stuck_at:
        yield _box("warning", _stuck_words(schedule), look="bad")
    if schedule.is_active and not schedule.paused_at and is_complete(schedule):
        yield _box("done_all", _complete_words(schedule), look="waiting")


def _paused_words(schedule: JobSchedule) -> SafeString:
    said = format_html(
        "Paused by {} at {}: {}.",
        schedule.paused_by,
        moment(schedule.paused_at),
        (schedule.pause_reason or "no reason given").rstrip("."),
    )
    if schedule.resume_at is None:
        return format_html("{} It stays paused until somebody resumes it.", said)
    return format_html("{} It resumes by itself at {}.", said, moment(schedule.resume_at))


def _stuck_words(schedule: JobSchedule) -> SafeString:
    shown = link(schedule.calendar) if schedule.calendar else "its calendar"
    return format_html(
        "Stuck since {}: {}. Nothing is lost: once {} has more years, it goes on from there.",
        moment(schedule.stuck_at),
        schedule.stuck_reason,
        shown,
    )


def _complete_words(schedule: JobSchedule) -> str:
    if schedule.max_runs is not None and schedule.run_count >= schedule.max_runs:
        return f"Completed: it has run {schedule.run_count} times, as often as it may."
    return "Completed: its rule has no fire after this."


def _box(sign: str, words: SafeString | str, look: str = "late") -> SafeString:
    return format_html('<p class="banner banner-{}">{}<span>{}</span></p>', look, icon(sign), words)
