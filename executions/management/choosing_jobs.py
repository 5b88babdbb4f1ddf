"""Choosing jobs for ``jobs``, ``enable`` and ``disable``."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import QuerySet

from jobs.models import JobDefinition, JobOwnership, JobStatus


def add_team_and_category(parser: CommandParser) -> None:
    """Add the two options that choose jobs by what they belong to."""
    parser.add_argument("--team", help="jobs of this team (exact name)")
    parser.add_argument("--category", help="jobs of this category (exact name)")


def choose_jobs(options: dict[str, Any]) -> QuerySet[JobDefinition]:
    """Return the unarchived jobs of ``--team`` and ``--category``, by name.

    Raise ``CommandError`` for a team or a category that no job has: it is a typing error.
    """
    jobs = JobDefinition.objects.unarchived().select_related("ownership").order_by("name")
    if (team := options["team"]) is not None:
        teams = JobOwnership.objects.exclude(job__status=JobStatus.ARCHIVED)
        _require("team", team, teams.exclude(team_name="").values_list("team_name", flat=True))
        jobs = jobs.filter(ownership__team_name=team)
    if (category := options["category"]) is not None:
        kept = JobDefinition.objects.unarchived().exclude(category="")
        _require("category", category, kept.values_list("category", flat=True))
        jobs = jobs.filter(category=category)
    return jobs


def _require(what: str, name: str, names: QuerySet[Any, str]) -> None:
    known = sorted(names.distinct())
    if name not in known:
        there_are = f"There are: {', '.join(known)}." if known else f"No job has a {what} yet."
        raise CommandError(f"There is no {what} {name!r}. {there_are}")
