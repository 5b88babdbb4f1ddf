"""Executions as they are shown: with names of their job, and in lists without what is large."""

from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Expression,
    F,
    Func,
    IntegerField,
    JSONField,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Left
from django.db.models.lookups import GreaterThan

from executions.models import JobExecution

# A list shows at most so much of each large field: bytes of JSON, characters of text.
LARGEST_SHOWN = 4_096
LARGE_JSON = ("input", "output")
LARGE_TEXTS = ("error_message", "stack_trace")


def described(executions: QuerySet[JobExecution]) -> QuerySet[JobExecution]:
    """Add name, category and retries of the job as they were when the execution was opened.

    Only these are read from the version: its snapshot may be large.
    """

    def of_version(name: str) -> KeyTextTransform:
        return KeyTextTransform(name, "version__snapshot")

    return executions.annotate(
        job_name=of_version("name"),
        category=of_version("category"),
        max_retries=Cast(of_version("max_retries"), IntegerField()),
    )


def listed(executions: QuerySet[JobExecution]) -> QuerySet[JobExecution]:
    """Leave the large fields in the database and add what of them a list shows.

    ``shown_input`` and ``shown_output`` are None where ``input_is_large`` and ``output_is_large``
    say so; ``shown_error_message`` and ``shown_stack_trace`` have one character too many when they
    were cut.
    """
    shown: dict[str, Any] = {}
    for name in LARGE_JSON:
        shown[f"{name}_is_large"] = _is_large(name)
        shown[f"shown_{name}"] = Case(
            When(_is_large(name), then=Value(None)), default=F(name), output_field=JSONField()
        )
    for name in LARGE_TEXTS:
        shown[f"shown_{name}"] = Left(name, LARGEST_SHOWN + 1)
    return described(executions).defer(*LARGE_JSON, *LARGE_TEXTS, "checkpoint").annotate(**shown)


def _is_large(name: str) -> Expression:
    """Whether a JSON value is too large; the stored size says it of most without unpacking them."""
    stored = Func(F(name), function="pg_column_size", output_field=IntegerField())
    unpacked = Func(Cast(name, TextField()), function="octet_length", output_field=IntegerField())
    return Case(
        When(GreaterThan(stored, LARGEST_SHOWN), then=True),
        When(GreaterThan(unpacked, LARGEST_SHOWN), then=True),
        default=False,
        output_field=BooleanField(),
    )


def is_cut(text: str | None) -> bool:
    """Whether a shown text is only the beginning of the whole."""
    return text is not None and len(text) > LARGEST_SHOWN


def cut(text: str | None) -> str | None:
    """Return what a list shows of a text."""
    return text[:LARGEST_SHOWN] + "…" if text is not None and is_cut(text) else text
