"""Which fields each kind of schedule takes."""

from typing import Any

from core.errors import FieldProblem
from jobs.models import IntervalUnit, JobSchedule
from jobs.schedules import FIELDS_OF_KIND
from jobs.schedules.words import listed

_DAYS = ("days_of_week", "day_of_month", "business_day_of_month", "on_days")
_ROLLED = ("roll", "offset_business_days", "short_month")
# What a field says is no longer said by these.
_INSTEAD_OF = {
    "day_of_month": ("nth_weekday", *_DAYS),
    "nth_weekday": ("day_of_month", "business_day_of_month", "on_days"),
    "days_of_week": (*_DAYS, "cron_expression", "interval_seconds"),
    "business_day_of_month": ("nth_weekday", *_DAYS, *_ROLLED),
    "on_days": (
        *("nth_weekday", *_DAYS, *_ROLLED),
        *("adjust_to_previous_business_day", "repeat_every"),
    ),
    "cron_expression": ("time_of_day", "days_of_week", "interval_seconds"),
    "time_of_day": ("cron_expression", "interval_seconds"),
    "interval_seconds": (
        *("cron_expression", "time_of_day", "days_of_week"),
        *("interval_unit", "repeat_every"),
    ),
    "interval_unit": ("interval_seconds", "align"),
}
_ALL_FIELDS = sorted({name for names in FIELDS_OF_KIND.values() for name in names})


def keep_to_kind(schedule: JobSchedule, fields: dict[str, Any]) -> list[FieldProblem]:
    """Empty what only other kinds take, and return a problem for each that ``fields`` asks for.

    Keeping silent about those would lose what the caller asked for. Null, false and the empty text
    ask for nothing.
    """
    own = FIELDS_OF_KIND.get(schedule.schedule_type)
    if own is None:
        return []  # an unknown kind is refused by itself
    problems = []
    for name in (name for name in _ALL_FIELDS if name not in own):
        setattr(schedule, name, None)
        asked = fields.get(name)
        if asked is not None and asked is not False and asked != "":
            problems.append(FieldProblem(name, "not_of_this_kind", _detail(name, schedule)))
    return problems


def make_room(schedule: JobSchedule, fields: dict[str, Any]) -> None:
    """Empty what ``fields`` leave out but say in another way, such as a weekday by a day.

    What is repeated every so often is another thing in a new kind.
    """
    kind = fields.get("schedule_type", schedule.schedule_type)
    own = FIELDS_OF_KIND.get(kind, ())
    said = [name for name in own if fields.get(name) not in (None, IntervalUnit.ELAPSED)]
    gone = {other for name in said for other in _INSTEAD_OF.get(name, ())}
    if kind != schedule.schedule_type:
        gone.add("repeat_every")
    for name in gone - fields.keys():
        setattr(schedule, name, None)


def _detail(name: str, schedule: JobSchedule) -> str:
    kinds = [kind for kind, names in FIELDS_OF_KIND.items() if name in names]
    takes = f"Only {listed(kinds)} {'takes' if len(kinds) == 1 else 'take'}"
    return f"{takes} it; this schedule is {schedule.schedule_type}. Leave it out or send null."
