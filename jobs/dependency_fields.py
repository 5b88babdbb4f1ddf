"""What is wrong with the fields of a dependency, by themselves and in what they mean together."""

from typing import Any

from core.errors import FieldProblem
from core.text import NotStorable, strict_json
from jobs.models import DependencyCondition, JobDependency
from jobs.output_paths import InvalidPath, parse_path
from jobs.validation import problems_of

LONGEST_DELAY_SECONDS = 30 * 24 * 3_600
"""What is to wait for longer has a rule of time of its own: a schedule."""

MOST_MAPPED = 50
"""So many parameters one dependency may map."""

_LONGEST_NAME = 200
_SHOWN = 60  # characters of a foreign name


def dependency_problems(dependency: JobDependency) -> list[FieldProblem]:
    """Return what is wrong with a dependency, except for what the graph says of it."""
    if dependency.upstream_id is None:
        detail = "Name the job that is waited for, by its name or its id."
        return [FieldProblem("upstream", "required", detail)]
    problems = [_named(dependency, problem) for problem in _problems_of(dependency)]
    refused = {problem.field for problem in problems}
    if not {"condition", "fail_if_dependency_fails"} & refused:
        problems += _unmet_failure(dependency)
    if "delay_after_completion_seconds" not in refused:
        problems += _delay_problems(dependency)
    if "output_mapping" not in refused:
        problems += _mapping_problems(dependency)
    return problems


def _problems_of(dependency: JobDependency) -> list[FieldProblem]:
    if not isinstance(dependency.output_mapping, dict):
        detail = 'Send an object of parameters and paths, such as {"rows": "result.rows"}.'
        return [FieldProblem("output_mapping", "not_an_object", detail)]
    return problems_of(dependency)


def _named(dependency: JobDependency, problem: FieldProblem) -> FieldProblem:
    """Give what the table says of the two jobs its field, and their names."""
    if (problem.field, problem.code) == ("upstream", "invalid"):
        return FieldProblem("upstream", "unknown_job", f"There is no job {dependency.upstream_id}.")
    if problem.code == "dependency_exists":
        detail = (
            f"{dependency.job.name} waits for {dependency.upstream.name} already; change that"
            " dependency instead."
        )
        return FieldProblem("upstream", problem.code, detail)
    if problem.code == "depends_on_itself":
        detail = f"Job {dependency.job.name} cannot wait for itself."
        return FieldProblem("upstream", problem.code, detail)
    return problem


def _unmet_failure(dependency: JobDependency) -> list[FieldProblem]:
    is_failure = dependency.condition == DependencyCondition.FAILURE
    if not is_failure or dependency.fail_if_dependency_fails:
        return []
    detail = (
        "To run after a failure, and after anything else as well, is condition completion: choose"
        " that, or let fail_if_dependency_fails be true."
    )
    return [FieldProblem("fail_if_dependency_fails", "contradiction", detail)]


def _delay_problems(dependency: JobDependency) -> list[FieldProblem]:
    if dependency.delay_after_completion_seconds <= LONGEST_DELAY_SECONDS:
        return []
    detail = f"At most {LONGEST_DELAY_SECONDS}, 30 days; give the job a schedule to run later."
    return [FieldProblem("delay_after_completion_seconds", "max_value", detail)]


def _mapping_problems(dependency: JobDependency) -> list[FieldProblem]:
    mapping = dependency.output_mapping
    if mapping and dependency.condition == DependencyCondition.FAILURE:
        detail = "A job that has failed has no output: map nothing, or wait for its success."
        return [FieldProblem("output_mapping", "no_output", detail)]
    if len(mapping) > MOST_MAPPED:
        detail = f"At most {MOST_MAPPED} parameters; map an object that holds several."
        return [FieldProblem("output_mapping", "too_many", detail)]
    try:
        strict_json(mapping, what="It")
    except NotStorable as error:
        return [FieldProblem("output_mapping", "not_storable", str(error))]
    said = [text for name, path in mapping.items() if (text := _entry_problem(name, path))]
    if not said:
        return _taken_problems(dependency)
    return [FieldProblem("output_mapping", "invalid_mapping", text) for text in said]


def _entry_problem(name: str, path: Any) -> str | None:
    if not name.strip() or len(name) > _LONGEST_NAME:
        return f"{name[:_SHOWN]!r} is no name of a parameter: 1 to {_LONGEST_NAME} characters."
    if not isinstance(path, str):
        return f'{name[:_SHOWN]}: send its path as text, such as "rows.0.name", or "$" for all.'
    try:
        parse_path(path)
    except InvalidPath as error:
        return f"{name[:_SHOWN]}: {error}"
    return None


def _taken_problems(dependency: JobDependency) -> list[FieldProblem]:
    """Refuse a parameter that two upstream jobs would give: which of them is left to chance."""
    if not dependency.is_active or not dependency.output_mapping:
        return []
    others = JobDependency.objects.live().filter(job=dependency.job_id).exclude(pk=dependency.pk)
    return [
        FieldProblem(
            "output_mapping",
            "parameter_taken",
            f"Parameter {name} comes from {upstream} already; map each from one job only.",
        )
        for upstream, mapping in others.order_by("pk").values_list(
            "upstream__name", "output_mapping"
        )
        for name in sorted(mapping.keys() & dependency.output_mapping.keys())
    ]
