"""What a job waits for and what waits for it, near and far, as a tree."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from rich.tree import Tree

from core.times import show_span
from jobs.models import JobDefinition, JobDependency

Neighbours = dict[Any, list[tuple[JobDependency, JobDefinition]]]


def draw_tree(job: JobDefinition, dependencies: Iterable[JobDependency]) -> Tree:
    """Return the tree of one job; what has been drawn before is not drawn below again."""
    above: Neighbours = defaultdict(list)
    below: Neighbours = defaultdict(list)
    for one in dependencies:
        above[one.job_id].append((one, one.upstream))
        below[one.upstream_id].append((one, one.job))
    tree = Tree(job.name)
    for title, neighbours in (("waits for", above), ("before", below)):
        if neighbours[job.pk]:
            _grow(tree.add(title), job, neighbours, {job.pk})
    if not tree.children:
        tree.add("waits for nothing, and nothing waits for it")
    return tree


def find_connected(
    job: JobDefinition, dependencies: Iterable[JobDependency]
) -> list[JobDependency]:
    """Return those that the tree of the job draws."""
    every = list(dependencies)
    upwards = _reach(job, every, lambda one: (one.job_id, one.upstream_id))
    downwards = _reach(job, every, lambda one: (one.upstream_id, one.job_id))
    return [*upwards, *downwards]


def words_of(dependency: JobDependency) -> str:
    """Return how a job waits, in a few words."""
    seconds = dependency.delay_after_completion_seconds
    parts = [
        dependency.condition,
        f"{show_span(seconds)} later" if seconds else "",
        "" if dependency.fail_if_dependency_fails else "or regardless",
        "" if dependency.is_active else "stopped",
    ]
    return ", ".join(filter(None, parts))


def _grow(branch: Tree, job: JobDefinition, neighbours: Neighbours, drawn: set[Any]) -> None:
    waiting = [(branch, job)]
    while waiting:
        at, node = waiting.pop(0)
        for dependency, other in sorted(neighbours[node.pk], key=lambda pair: pair[1].name):
            is_new = other.pk not in drawn
            again = " …" if not is_new and neighbours[other.pk] else ""
            twig = at.add(f"{other.name} ({words_of(dependency)}){again}")
            if is_new and dependency.is_active:
                drawn.add(other.pk)
                waiting.append((twig, other))


def _reach(
    job: JobDefinition,
    dependencies: list[JobDependency],
    ends_of: Callable[[JobDependency], tuple[Any, Any]],
) -> list[JobDependency]:
    by_start: dict[Any, list[JobDependency]] = defaultdict(list)
    for one in dependencies:
        by_start[ends_of(one)[0]].append(one)
    found, seen, waiting = [], {job.pk}, [job.pk]
    while waiting:
        for one in by_start[waiting.pop(0)]:
            found.append(one)
            end = ends_of(one)[1]
            if one.is_active and end not in seen:
                seen.add(end)
                waiting.append(end)
    return found
