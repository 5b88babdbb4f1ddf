"""One way to check a row before it is written, for API, admin and commands alike."""

import shlex
from contextlib import suppress
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from core.errors import FieldProblem, InvalidInput
from core.text import NotStorable, strict_json
from jobs.concurrency_keys import problems_of_template
from jobs.conditions.validation import condition_problems
from jobs.models import (
    ExclusionScope,
    ExclusionWindow,
    ExecutionMode,
    JobDefinition,
    JobSchedule,
    JobStatus,
    Overlap,
)
from jobs.options import problems_of_options
from jobs.rules import spec_of
from jobs.schedules import FIELDS_OF_KIND, InvalidRule, Rule, compile_rule
from jobs.schedules.business import CalendarOutOfDate

# Django reports a conditional constraint without the field it is about.
_FIELD_OF_CONSTRAINT = {"name_taken": "name"}
# A rule is checked as if these had been left out, once they have been refused.
_DEFAULTS_OF_RULE = {"timezone": "UTC"}


def validate(row: Any, exclude: set[str] | None = None) -> None:
    """Raise ``InvalidInput`` naming everything that is wrong with one row."""
    refuse(problems_of(row, exclude))


def refuse(problems: list[FieldProblem]) -> None:
    """Raise ``InvalidInput`` if there are any problems."""
    if problems:
        raise InvalidInput(problems)


def problems_of(row: Any, exclude: set[str] | None = None) -> list[FieldProblem]:
    """Return what is wrong with one row's fields, by themselves and in what they mean together."""
    problems = _check_text(row) or _check_fields(row, exclude)
    refused = {problem.field for problem in problems}
    if isinstance(row, JobDefinition) and row.status != JobStatus.DRAFT:
        problems += [p for p in problems_of_work(row) if p.field not in refused]
    if isinstance(row, JobDefinition) and "concurrency_key" not in refused:
        problems += _check_concurrency_key(row.concurrency_key)
    if isinstance(row, JobSchedule):
        problems += _check_exclusions(row)
        problems += _check_overlap(row)
        if not {"schedule_type", "exclusions"} & {problem.field for problem in problems}:
            problems += _check_rule(row, refused)
        problems += _check_parameters(row.parameters)
        problems += [p for p in condition_problems(row) if p.field not in refused]
    return problems


def _check_text(row: Any) -> list[FieldProblem]:
    """Look for what PostgreSQL cannot even be asked about."""
    detail = "It holds a NUL character, which cannot be stored; leave it out."
    values = {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return [
        FieldProblem(name, "not_storable", detail)
        for name, value in values.items()
        if isinstance(value, str) and "\x00" in value
    ]


def _check_fields(row: Any, exclude: set[str] | None) -> list[FieldProblem]:
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        return [
            FieldProblem(
                _FIELD_OF_CONSTRAINT.get(detail.code or "", field),
                detail.code or "invalid",
                " ".join(detail.messages),
            )
            for field, details in error.error_dict.items()
            for detail in details
        ]
    return []


def problems_of_work(job: JobDefinition) -> list[FieldProblem]:
    """Return what keeps a job from naming what its mode carries out; a draft need not yet."""
    problems = problems_of_options(job)
    if job.execution_mode == ExecutionMode.IN_PROCESS and not job.execution_type_name:
        detail = (
            "An in_process job needs the registered name of its handler, such as reports.daily."
        )
        problems.append(FieldProblem("execution_type_name", "required", detail))
    if job.execution_mode == ExecutionMode.OUT_OF_PROCESS:
        problems += _check_command(job.execution_command)
    return problems


def _check_command(command: str) -> list[FieldProblem]:
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        detail = (
            f"It cannot be split into arguments: {error}. Close each quote, and double each \\."
        )
        return [FieldProblem("execution_command", "invalid_command", detail)]
    if not arguments or not arguments[0]:
        detail = "An out_of_process job needs its command, such as /opt/reports/bin/daily EU."
        return [FieldProblem("execution_command", "required", detail)]
    return []


def _check_concurrency_key(template: str) -> list[FieldProblem]:
    detail = problems_of_template(template)
    return [FieldProblem("concurrency_key", "invalid_template", detail)] if detail else []


def _check_rule(schedule: JobSchedule, refused: set[str]) -> list[FieldProblem]:
    """Say what is wrong with the rule, without repeating what was ``refused`` by itself."""
    if "calendar" in refused:
        schedule = copy(schedule)
        schedule.calendar = None
    spec = spec_of(schedule)
    left_out = {name: _DEFAULTS_OF_RULE.get(name) for name in refused if hasattr(spec, name)}
    try:
        rule = compile_rule(replace(spec, **left_out))  # type: ignore[arg-type]
    except InvalidRule as error:
        return [
            FieldProblem("schedule_type" if e.field == "kind" else e.field, e.code, e.detail)
            for e in error.errors
            if e.field not in refused
        ]
    return _check_gaps(schedule, rule)


_FIRES_LOOKED_AT = 100


def _check_gaps(schedule: JobSchedule, rule: Rule) -> list[FieldProblem]:
    """Refuse a rule that fires more often than this platform allows."""
    least = timedelta(seconds=settings.SCHEDULER_SHORTEST_GAP_SECONDS)
    if least <= timedelta(seconds=1):
        return []
    slots: list[datetime] = []
    at = schedule.anchor_at
    with suppress(CalendarOutOfDate):
        while len(slots) < _FIRES_LOOKED_AT and (slot := rule.next_slot(at)) is not None:
            slots.append(slot)
            at = slot
    gap = min((later - earlier for earlier, later in pairwise(slots)), default=least)
    if gap >= least:
        return []
    # The field of the kind that says when, which is where the fix belongs.
    field = FIELDS_OF_KIND[schedule.schedule_type][0]
    detail = f"It fires {gap.total_seconds():g} s apart; here at least {least.total_seconds():g} s"
    detail += " have to lie between two fires (SCHEDULER_SHORTEST_GAP_SECONDS)."
    return [FieldProblem(field, "too_often", detail)]


MOST_EXCLUSIONS = 30
"""So many windows a schedule may name; global ones and its team's hold beside them."""


def _check_exclusions(schedule: JobSchedule) -> list[FieldProblem]:
    if len(schedule.exclusions) > MOST_EXCLUSIONS:
        detail = (
            f"{len(schedule.exclusions)} windows are too many; name at most {MOST_EXCLUSIONS}."
            " One window holds on several days of the week, one calendar many single days."
        )
        return [FieldProblem("exclusions", "too_many", detail)]
    windows = ExclusionWindow.objects.filter(
        pk__in=schedule.exclusions, scope=ExclusionScope.SCHEDULE, archived_at__isnull=True
    )
    known = set(windows.values_list("pk", flat=True)) if schedule.exclusions else set()
    return [
        FieldProblem(
            "exclusions",
            "unknown_exclusion",
            f"{pk} is no exclusion window of scope schedule; those of other scopes hold by"
            " themselves.",
        )
        for pk in schedule.exclusions
        if pk not in known
    ]


def _check_overlap(schedule: JobSchedule) -> list[FieldProblem]:
    if schedule.overlap_limit is None or schedule.overlap == Overlap.ALLOW:
        return []
    detail = f"Only overlap allow takes it; this schedule has {schedule.overlap}. Leave it out."
    return [FieldProblem("overlap_limit", "not_of_this_overlap", detail)]


def _check_parameters(parameters: Any) -> list[FieldProblem]:
    if not isinstance(parameters, dict):
        detail = "Parameters are an object of names and values."
        return [FieldProblem("parameters", "not_an_object", detail)]
    try:
        strict_json(parameters, what="parameters")
    except NotStorable as error:
        return [FieldProblem("parameters", "not_storable", str(error))]
    return []
