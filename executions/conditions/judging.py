"""Looking at the world for the checks of one run's condition."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError

from executions.conditions.bounded import CheckFailed, evaluate_bounded
from executions.conditions.databases import ask_sql
from executions.conditions.external import Answered, ask_file, ask_http
from executions.conditions.facts import (
    calendar_values,
    ended_runs,
    expression_values,
    kinds_of_day,
    previous_run,
)
from executions.conditions.run import Run
from jobs.calendars.reading import current_calendar
from jobs.conditions.cel import (
    CelEvaluator,
    ConditionEvaluator,
    InvalidExpression,
    names_calendar,
)
from jobs.conditions.logic import Finding, Truth
from jobs.conditions.terms import (
    NO_RUN,
    Check,
    DayKind,
    Dependency,
    EnvironmentCheck,
    ExpressionCheck,
    FileCheck,
    HttpCheck,
    ParameterCheck,
    PreviousOutcome,
    SqlCheck,
)
from jobs.conditions.validation import find_calendar, find_job

MOST_OUTSIDE_SECONDS = 60.0
"""So long at most one look waits for what is outside, all checks together."""

_EVALUATOR: ConditionEvaluator = CelEvaluator()


class RunJudge:
    """Answers the checks of one run's condition; whatever a check raises is a finding.

    Only without the platform's own database there is none, and the attempt fails by its policy.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._outside_seconds = MOST_OUTSIDE_SECONDS
        self._asks: dict[type[Check], Callable[[Any], Answered]] = {
            PreviousOutcome: self._ask_previous,
            Dependency: self._ask_dependency,
            DayKind: self._ask_calendar,
            ParameterCheck: self._ask_parameter,
            EnvironmentCheck: self._ask_environment,
            ExpressionCheck: self._ask_expression,
            HttpCheck: ask_http,
            SqlCheck: ask_sql,
            FileCheck: ask_file,
        }

    def __call__(self, check: Check) -> Finding:
        try:
            is_so, why = self._ask_outside(check) if check.is_external else self._ask(check)
        except (CheckFailed, InvalidExpression) as error:
            return Finding(check, Truth.ERROR, str(error))
        except (OperationalError, InterfaceError):
            raise  # the platform's own database is away: that says nothing about the condition
        except Exception as error:
            return Finding(check, Truth.ERROR, f"{type(error).__name__}: {error}")
        return Finding(check, Truth.TRUE if is_so else Truth.FALSE, why)

    def _ask(self, check: Check) -> Answered:
        return self._asks[type(check)](check)

    def _ask_outside(self, check: Check) -> Answered:
        left = self._outside_seconds
        if left <= 0:
            raise CheckFailed(
                f"no time is left: the checks before it took {MOST_OUTSIDE_SECONDS:g} s"
            )
        if isinstance(check, HttpCheck | SqlCheck):
            check = replace(check, timeout=min(check.timeout, left))
        began = time.monotonic()
        try:
            return self._ask(check)
        finally:
            self._outside_seconds -= time.monotonic() - began

    def _ask_previous(self, check: PreviousOutcome) -> Answered:
        previous = previous_run(self._run)
        if previous is None:
            return NO_RUN in check.outcomes, "the schedule has no earlier run"
        why = f"the previous run {previous['pk']} is {previous['status']}"
        return previous["status"] in check.outcomes, why

    def _ask_dependency(self, check: Dependency) -> Answered:
        job_id = find_job(check.job)
        if job_id is None:
            raise CheckFailed(f"there is no job {check.job!r}")
        latest = ended_runs(job_id).first()
        if latest is None:
            return False, f"job {check.job} has not run yet"
        ago = self._run.now - latest["completed_at"]
        seconds = max(ago.total_seconds(), 0)
        why = f"the latest run of job {check.job} is {latest['status']}, since {seconds:.0f} s"
        is_recent = check.within is None or ago <= timedelta(seconds=check.within)
        return is_recent and latest["status"] in check.outcomes, why

    def _ask_calendar(self, check: DayKind) -> Answered:
        calendar_id = self._run.calendar_id
        if check.calendar is not None:
            calendar_id = find_calendar(check.calendar)
        if calendar_id is None:
            raise CheckFailed(f"there is no calendar {check.calendar or 'of the schedule'}")
        kinds = kinds_of_day(current_calendar(calendar_id), self._run.business_date)
        shown = " and ".join(sorted(kind.replace("_", " ") for kind in kinds))
        return check.kind in kinds, f"{self._run.business_date} is a {shown}"

    def _ask_parameter(self, check: ParameterCheck) -> Answered:
        parameters = self._run.parameters
        is_given = check.name in parameters
        if check.comparison == "exists":
            why = f"parameter {check.name} is {'given' if is_given else 'not given'}"
            return is_given == check.value, why
        if not is_given:
            return False, f"parameter {check.name} is not given"
        wanted = [check.value] if check.comparison == "equals" else check.value
        is_so = any(_same(parameters[check.name], one) for one in wanted)
        return is_so, f"parameter {check.name} is {'as' if is_so else 'not as'} asked for"

    def _ask_environment(self, check: EnvironmentCheck) -> Answered:
        environment = settings.SCHEDULER_ENVIRONMENT
        return environment in check.names, f"the environment is {environment}"

    def _ask_expression(self, check: ExpressionCheck) -> Answered:
        values = expression_values(self._run, settings.SCHEDULER_ENVIRONMENT)
        if names_calendar(check.source):
            values |= calendar_values(self._run)
        is_true = evaluate_bounded(_EVALUATOR, check.source, values)
        return is_true, f"the expression is {str(is_true).lower()}"


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON has it, where true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other
