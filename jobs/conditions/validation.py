"""What is wrong with a schedule's condition, found when it is saved."""

from uuid import UUID

from core.errors import FieldProblem
from core.text import NotStorable, strict_json
from jobs.conditions.cel import CelEvaluator, ConditionEvaluator, InvalidExpression, names_calendar
from jobs.conditions.reading import InvalidCondition, read_conditions
from jobs.conditions.terms import Check, DayKind, Dependency, checks_of
from jobs.models import HolidayCalendar, JobDefinition, JobSchedule, OnFalse, ScheduleType

MOST_LOOKS = 10_000
"""So often at most a run looks at its condition: each look is kept."""

_EVALUATOR: ConditionEvaluator = CelEvaluator()


def condition_problems(schedule: JobSchedule) -> list[FieldProblem]:
    """Return what is wrong with the condition, its names of jobs and calendars included."""
    problems = [
        *_check_presence(schedule),
        *_check_list(schedule),
        *_check_expression(schedule),
    ]
    if schedule.has_condition and schedule.on_false == OnFalse.WAIT:
        problems += _check_looks(schedule.poll_seconds, schedule.wait_seconds)
    return problems


def _check_presence(schedule: JobSchedule) -> list[FieldProblem]:
    if schedule.schedule_type != ScheduleType.CONDITIONAL or schedule.has_condition:
        return []
    detail = (
        "A conditional schedule needs a condition: conditions, such as"
        ' {"previous": {"outcome": ["succeeded"]}}, or a conditionalExpression in CEL.'
    )
    return [FieldProblem("conditions", "required", detail)]


def _check_list(schedule: JobSchedule) -> list[FieldProblem]:
    if schedule.conditions is None:
        return []
    if not isinstance(schedule.conditions, dict) or not schedule.conditions:
        detail = 'Write an object such as {"all": [...]}, or leave it out.'
        return [FieldProblem("conditions", "not_an_object", detail)]
    try:
        term = read_conditions(schedule.conditions)
        strict_json(schedule.conditions, what="conditions")
    except InvalidCondition as invalid:
        return invalid.problems
    except NotStorable as error:
        return [FieldProblem("conditions", "not_storable", str(error))]
    found = ((check, _problem_of_name(check, schedule)) for check in checks_of(term))
    return [
        FieldProblem("conditions", "unknown_name", f"{check.path}: {detail}")
        for check, detail in found
        if detail is not None
    ]


def _problem_of_name(check: Check, schedule: JobSchedule) -> str | None:
    match check:
        case Dependency(job=job):
            if not find_job(job):
                return f"There is no job {job!r}; write the name or id of one."
        case DayKind(calendar=None):
            if schedule.calendar_id is None:
                return "The schedule has no calendar of its own; name one here."
        case DayKind(calendar=str(name)):
            if not find_calendar(name):
                return f"There is no calendar {name!r}; write the name or id of one."
    return None


def find_job(name: str) -> UUID | None:
    """The id of the job of that name, or with that id; archived ones have given up their name."""
    named = JobDefinition.objects.unarchived().filter(name=name)
    return _by_id(JobDefinition, name) or named.values_list("pk", flat=True).first()


def find_calendar(name: str) -> UUID | None:
    """The id of the calendar of that name, or with that id."""
    named = HolidayCalendar.objects.filter(name=name)
    return _by_id(HolidayCalendar, name) or named.values_list("pk", flat=True).first()


def _by_id(model: type[JobDefinition] | type[HolidayCalendar], text: str) -> UUID | None:
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return pk if model.objects.filter(pk=pk).exists() else None


def _check_expression(schedule: JobSchedule) -> list[FieldProblem]:
    source = schedule.conditional_expression
    if not source:
        return []
    try:
        _EVALUATOR.check(source)
    except InvalidExpression as error:
        return [FieldProblem("conditional_expression", "invalid_expression", str(error))]
    if names_calendar(source) and schedule.calendar_id is None:
        detail = "It asks a calendar, and the schedule has none: give it one in calendar."
        return [FieldProblem("conditional_expression", "no_calendar", detail)]
    return []


def _check_looks(poll: object, wait: object) -> list[FieldProblem]:
    if not (isinstance(poll, int) and isinstance(wait, int)) or poll < 1:
        return []  # refused by itself
    if wait // poll <= MOST_LOOKS:
        return []
    detail = (
        f"Every {poll} s for {wait} s makes {wait // poll:,} looks, at most {MOST_LOOKS:,} are"
        f" made: look every {-(-wait // MOST_LOOKS)} s or wait less long."
    )
    return [FieldProblem("poll_seconds", "too_many_looks", detail)]
