"""Which fields each kind of schedule takes."""

from typing import Any

from core.errors import FieldProblem
from jobs.models import JobSchedule
from jobs.schedules import FIELDS_OF_KIND
from jobs.schedules.words import listed

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


def _detail(name: str, schedule: JobSchedule) -> str:
    kinds = [kind for kind, names in FIELDS_OF_KIND.items() if name in names]
    takes = f"Only {listed(kinds)} {'takes' if len(kinds) == 1 else 'take'}"
    return f"{takes} it; this schedule is {schedule.schedule_type}. Leave it out or send null."
