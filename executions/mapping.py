"""Taking outputs of what an execution waited for over into its parameters, when it is released."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from core.sql import load
from core.text import NotStorable, clean, strict_json
from executions.models import JobExecution, RunEdge
from jobs.concurrency_keys import concurrency_key
from jobs.output_paths import InvalidPath, NothingThere, parse_path, take

FAIL_UNMAPPED = load(__file__, "fail_unmapped")


class NotMapped(Exception):
    """A parameter cannot be taken from an output; the message names job, parameter and path."""


@dataclass(frozen=True)
class Source:
    """An execution that was waited for, and which parameters come from where in its output."""

    job_name: str
    status: str
    output: Any
    paths: Mapping[str, str]


def map_outputs(execution_ids: Sequence[UUID], *, now: datetime | None = None) -> list[UUID]:
    """Write outputs into the parameters of executions that were just released.

    Called in the transaction that has moved them to scheduled. Return those that had to be failed
    instead, because an output that their parameters need is not there.
    """
    sources = read_sources(execution_ids)
    rows = JobExecution.objects.filter(pk__in=sources).select_related("version").order_by("pk")
    mapped, problems = [], {}
    for row in rows.only("input", "version", "version__snapshot"):
        try:
            row.input = map_parameters(row.input, sources[row.pk])
        except NotMapped as problem:
            problems[row.pk] = clean(str(problem))
            continue
        template = row.version.snapshot.get("concurrency_key", "")
        row.concurrency_key = concurrency_key(template, row.input)
        mapped.append(row)
    JobExecution.objects.bulk_update(mapped, ["input", "concurrency_key"])
    return _fail(problems, now)


def read_sources(execution_ids: Iterable[UUID]) -> dict[UUID, list[Source]]:
    """Return where parameters of these executions come from; none for those that map nothing."""
    edges = list(
        RunEdge.objects.filter(execution__in=list(execution_ids))
        .exclude(output_mapping={})
        .order_by("id")
        .values_list(
            "execution_id", "upstream_execution_id", "upstream_job__name", "output_mapping"
        )
    )
    outputs = _read_outputs({upstream for _, upstream, _, _ in edges if upstream is not None})
    found: dict[UUID, list[Source]] = defaultdict(list)
    for execution, upstream, job_name, paths in edges:
        name, status, output = outputs.get(upstream, (job_name, "gone", None))
        found[execution].append(Source(name, status, output, paths))
    return found


def map_parameters(parameters: dict[str, Any], sources: Sequence[Source]) -> dict[str, Any]:
    """Return the parameters with what comes from outputs; raise :class:`NotMapped`."""
    whole = dict(parameters)
    for source in sources:
        for name, path in source.paths.items():
            whole[name] = _take(source, name, path)
    try:
        strict_json(whole, what="The input")
    except NotStorable as error:
        jobs = ", ".join(source.job_name for source in sources)
        raise NotMapped(f"With the outputs of {jobs}, it is too large: {error}.") from None
    return whole


def _take(source: Source, name: str, path: str) -> Any:
    start = f"Parameter {name!r} is to be {path or '$'!r} of the output of job {source.job_name}"
    if source.output is None:
        raise NotMapped(f"{start}, which has none: its execution {_ended(source)}.")
    try:
        return take(source.output, parse_path(path))
    except (InvalidPath, NothingThere) as problem:
        raise NotMapped(f"{start}. {problem}") from None


def _ended(source: Source) -> str:
    if source.status == "succeeded":
        return "succeeded without returning anything"
    return "is gone" if source.status == "gone" else f"is {source.status.replace('_', ' ')}"


def _read_outputs(execution_ids: set[UUID]) -> dict[UUID | None, tuple[str, str, Any]]:
    """Name of the job, status and output of each; read once, however many depend on it."""
    if not execution_ids:
        return {}
    name = KeyTextTransform("name", "version__snapshot")
    rows = JobExecution.objects.filter(pk__in=execution_ids).annotate(job_name=name)
    return {
        pk: (job_name, status, output)
        for pk, job_name, status, output in rows.values_list("pk", "job_name", "status", "output")
    }


def _fail(problems: Mapping[UUID, str], now: datetime | None) -> list[UUID]:
    if not problems:
        return []
    rows = FAIL_UNMAPPED.rows(ids=list(problems), messages=list(problems.values()), now=now)
    return [row["id"] for row in rows]
