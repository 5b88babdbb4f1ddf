"""What an execution's page tells of its slot: the date it is for, what moved it, its condition."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.safestring import SafeString

from core.admin_display import badge, short_moment
from executions.models import ConditionCheck, JobExecution, Origin
from jobs.models import ScheduleVersion
from jobs.rules import UNREADABLE, VersionRules

_MOST_CHECKS = 20
_A_SECOND = timedelta(seconds=1)
_LOOKS = {"true": ("good", "check"), "false": ("missed", "close"), "error": ("bad", "error")}
_WORDS = {"true": "holds", "false": "does not hold", "error": "error"}


@dataclass(frozen=True)
class CheckRow:
    """One look at the condition, and each single check that it made."""

    at: SafeString
    badge: SafeString
    message: str
    terms: list[dict[str, Any]]


def business_date_words(execution: JobExecution) -> str:
    """Return the date that the slot is for, with the business days around it."""
    if execution.business_date is None:
        return ""
    around = [
        f"{word} {day}"
        for word, day in (
            ("before it", execution.previous_business_date),
            ("after it", execution.next_business_date),
        )
        if day is not None
    ]
    said = f" (business days: {', '.join(around)})" if around else ""
    return f"{execution.business_date}{said}"


def slot_note(execution: JobExecution) -> str:
    """Return what the clock or the calendar did to the slot, by the rule that held then."""
    if execution.origin != Origin.SCHEDULE or execution.schedule_id is None:
        return ""
    slot = execution.scheduled_for
    held = ScheduleVersion.objects.filter(schedule=execution.schedule_id, since__lt=slot)
    version = held.order_by("-number").values_list("pk", flat=True).first()
    if version is None:
        return ""
    rules = VersionRules()
    rules.load([version])
    try:
        rule = rules.get(version)
        if rule.next_slot(slot - _A_SECOND) != slot:
            return ""
        return "; ".join(rule.explain(slot).notes)
    except UNREADABLE:
        return ""


def checks_of(execution: JobExecution) -> list[CheckRow]:
    """Return the latest looks at the execution's condition, newest first."""
    if execution.schedule is None or not execution.schedule.has_condition:
        return []
    looks = ConditionCheck.objects.filter(execution=execution).order_by("-pk")[:_MOST_CHECKS]
    return [
        CheckRow(short_moment(one.at), result_badge(one.result), one.message, _terms(one.terms))
        for one in looks
    ]


def result_badge(result: str) -> SafeString:
    """Return what a look came to as a badge."""
    look, sign = _LOOKS[result]
    return badge(_WORDS[result], look=look, sign=sign)


def _terms(terms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**term, "badge": result_badge(term["result"])} for term in terms]
