"""A rule that is not saved, written as options of a command: the fields that REST takes."""

import re
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from jobs.models import JobSchedule, ScheduleType
from jobs.previewing import draft_schedule
from jobs.serializers import PreviewRequest

_HELP = {
    "scheduleType": f"one of {', '.join(ScheduleType.values)}",
    "cronExpression": "a rule of kind cron",
    "cronDialect": "standard or quartz",
    "dayMatch": "or, and: what both day fields of cron do together",
    "timeOfDay": "such as 06:00, on the clock of the timezone",
    "timezone": "an IANA name (default UTC)",
    "repeatEvery": "every so many days, weeks or months",
    "daysOfWeek": "such as monday,friday",
    "dayOfMonth": "1 to 31, negative from the end, or last",
    "nthWeekday": "1 to 5, negative from the end, or last",
    "shortMonth": "skip, clamp or next",
    "businessDayOfMonth": "1 to 23, negative from the end, or last",
    "onDays": "business_days or non_business_days",
    "roll": "where a day that is no business day moves to, such as following",
    "offsetBusinessDays": "so many business days after the roll",
    "adjustToPreviousBusinessDay": "true or false",
    "calendar": "name or id of a business calendar",
    "oneTimeExecutionDate": "the only instant",
    "intervalSeconds": "between two fires",
    "intervalUnit": "elapsed, day, week or month",
    "align": "anchor or epoch",
    "delaySeconds": "until the only fire, or after each run",
    "conditionalExpression": "the condition in CEL",
    "dstGap": "run_after or skip",
    "dstRepeat": "first, second or both",
    "exclusions": "name or id of an exclusion window; may be repeated",
    "startDateUtc": "first instant",
    "endDateUtc": "last instant",
    "maxRuns": "at most so many",
    "spreadSeconds": "start each up to so many seconds later",
}
_SHORT = {
    "scheduleType": "kind",
    "cronExpression": "cron",
    "oneTimeExecutionDate": "at",
    "exclusions": "exclusion",
    "startDateUtc": "start",
    "endDateUtc": "end",
    "conditionalExpression": "condition",
}


def add_rule_options(parser: CommandParser) -> None:
    """Add an option for each field of a rule."""
    group = parser.add_argument_group("a rule that is not saved")
    for name, text in _HELP.items():
        several: Any = {"action": "append"} if name == "exclusions" else {}
        group.add_argument(f"--{_option(name)}", dest=name, metavar="VALUE", help=text, **several)


def read_rule(options: dict[str, Any]) -> dict[str, Any]:
    """Return what is given of a rule, by the names of REST; ``--cron`` says the kind too."""
    given = {name: options[name] for name in _HELP if options[name] is not None}
    if "cronExpression" in given:
        given.setdefault("scheduleType", ScheduleType.CRON)
    return given


def draft_given(rule: dict[str, Any], *, after: datetime) -> JobSchedule:
    """A schedule of what ``read_rule`` gave; raise ``CommandError`` naming each bad option."""
    body = PreviewRequest(data=rule)
    try:
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        fields.pop("count")
        with body.naming_fields():
            return draft_schedule(fields, after=after)
    except ValidationError as error:
        raise CommandError(_told(error.detail)) from None


def _option(name: str) -> str:
    return _SHORT.get(name) or re.sub("[A-Z]", lambda found: f"-{found[0].lower()}", name)


def _told(errors: Any) -> str:
    return "; ".join(
        f"--{_option(name)}: {' '.join(map(str, details))}" for name, details in errors.items()
    )
