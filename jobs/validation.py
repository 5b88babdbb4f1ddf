"""One way to check a row before it is written, for API, admin and commands alike."""

from typing import Any

from django.core.exceptions import ValidationError

from core.errors import FieldProblem, InvalidInput
from core.text import NotStorable, strict_json
from jobs.models import JobSchedule
from jobs.schedules import InvalidRule

# Django reports a conditional constraint without the field it is about.
_FIELD_OF_CONSTRAINT = {"name_taken": "name"}


def validate(row: Any, exclude: set[str] | None = None) -> None:
    """Check one row's fields and, for a schedule, that its rule can fire."""
    problems: list[FieldProblem] = []
    try:
        row.full_clean(exclude=exclude)
    except ValidationError as error:
        problems += [
            FieldProblem(
                _FIELD_OF_CONSTRAINT.get(detail.code or "", field),
                detail.code or "invalid",
                " ".join(detail.messages),
            )
            for field, details in error.error_dict.items()
            for detail in details
        ]
    if isinstance(row, JobSchedule) and not any(p.field == "schedule_type" for p in problems):
        try:
            _ = row.rule
        except InvalidRule as error:
            names = {"kind": "schedule_type"}
            problems += [
                FieldProblem(names.get(e.field, e.field), e.code, e.detail) for e in error.errors
            ]
        problems += _check_parameters(row.parameters)
    if problems:
        raise InvalidInput(problems)


def _check_parameters(parameters: Any) -> list[FieldProblem]:
    if not isinstance(parameters, dict):
        detail = "Parameters are an object of names and values."
        return [FieldProblem("parameters", "not_an_object", detail)]
    try:
        strict_json(parameters, what="parameters")
    except NotStorable as error:
        return [FieldProblem("parameters", "not_storable", str(error))]
    return []
