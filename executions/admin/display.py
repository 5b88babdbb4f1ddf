"""How the states of executions look."""

from django.utils.safestring import SafeString

from core.admin_display import NOTHING, badge
from executions.models import JobExecution
from executions.states import ExecutionStatus as S
from executions.states import Reason

_LOOKS = {
    S.WAITING: ("waiting", "account_tree"),
    S.SCHEDULED: ("waiting", "schedule"),
    S.QUEUED: ("waiting", "hourglass_empty"),
    S.RUNNING: ("active", "play_arrow"),
    S.RETRYING: ("late", "replay"),
    S.SUCCEEDED: ("good", "check"),
    S.FAILED: ("bad", "close"),
    S.TIMED_OUT: ("late", "timer_off"),
    S.CANCELLED: ("stopped", "block"),
    S.SKIPPED: ("missed", "skip_next"),
}


def status_badge(status: str | None) -> SafeString:
    """Return a status as a badge."""
    if status is None:
        return NOTHING
    look, sign = status_look(status)
    return badge(S(status).label.lower(), look=look, sign=sign)


def status_look(status: str) -> tuple[str, str]:
    """Return the colour of a status and the Material Symbol that stands for it."""
    return _LOOKS[S(status)]


def reason_words(reason: str | None) -> str:
    """Return a reason in plain words."""
    return Reason(reason).label if reason else ""


def progress_words(execution: JobExecution) -> str:
    """Return such as "40 %, batch 4 of 10"."""
    if execution.progress_fraction is None:
        return ""
    parts = [f"{execution.progress_fraction * 100:.0f} %", execution.progress_message]
    return ", ".join(part for part in parts if part)
