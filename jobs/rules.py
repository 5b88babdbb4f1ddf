"""The rule of a schedule: from its row, and from what was kept of it.

A rule depends on more than the row: on the latest version of its calendar, and on the exclusion
windows that hold for it. A ``ScheduleVersion`` keeps all of that, as JSON.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from jobs.calendars.reading import current_calendar, read_calendar
from jobs.models import (
    ExclusionScope,
    ExclusionWindow,
    JobOwnership,
    JobSchedule,
    ScheduleVersion,
)
from jobs.schedules import InvalidRule, Rule, RuleSpec, compile_rule
from jobs.schedules.business import BusinessCalendar
from jobs.schedules.exclusions import Exclusion

# Fields of the row that a rule has under the same name.
_SAME = {field.name for field in fields(RuleSpec)} & {
    field.name for field in JobSchedule._meta.concrete_fields
} - {"calendar", "exclusions"}
# A column may name the default; a rule has None for it, so that equal rules are one.
_DEFAULTS = {
    "cron_dialect": "standard",
    "day_match": "or",
    "interval_unit": "elapsed",
    "align": "anchor",
}
_PARSERS = {
    "time_of_day": time.fromisoformat,
    "from_time": time.fromisoformat,
    "until_time": time.fromisoformat,
    "first_date": date.fromisoformat,
    "last_date": date.fromisoformat,
    **dict.fromkeys(
        ("one_time_at", "anchor", "start_at", "end_at", "starts_at", "ends_at"),
        datetime.fromisoformat,
    ),
}


class Surroundings:
    """What rules depend on beside their own rows: calendars and exclusion windows.

    Read when first asked for, and then kept: one of these serves many schedules of one moment.
    ``calendars`` stand in for the latest versions of those that they are given for.
    """

    def __init__(self, calendars: Mapping[UUID, BusinessCalendar] | None = None) -> None:
        self._calendars = dict(calendars or {})
        self._windows: list[tuple[ExclusionWindow, Exclusion]] | None = None
        self._teams: dict[UUID, str] = {}

    def calendar(self, calendar_id: UUID) -> BusinessCalendar:
        """The latest version of a calendar."""
        if calendar_id not in self._calendars:
            self._calendars[calendar_id] = current_calendar(calendar_id)
        return self._calendars[calendar_id]

    def exclusions(self, schedule: JobSchedule) -> tuple[Exclusion, ...]:
        """The exclusions that hold for a schedule: global, of its team, its own."""
        if self._windows is None:
            rows = ExclusionWindow.objects.filter(archived_at__isnull=True).order_by("pk")
            self._windows = [(row, self.exclusion(row)) for row in rows]
        return tuple(one for row, one in self._windows if self._holds(row, schedule))

    def exclusion(self, window: ExclusionWindow) -> Exclusion:
        """The window as the engine takes it."""
        names = {field.name for field in fields(Exclusion)} - {"calendar", "reason"}
        return Exclusion(
            reason="holiday" if window.calendar_id else "blackout",
            calendar=self.calendar(window.calendar_id) if window.calendar_id else None,
            **{name: getattr(window, name) for name in names},
        )

    def load_teams(self, schedules: Iterable[JobSchedule]) -> None:
        """Read in one query to which team each schedule's job belongs."""
        jobs = {schedule.job_id for schedule in schedules} - self._teams.keys()
        owners = JobOwnership.objects.filter(job__in=jobs).values_list("job", "team_name")
        self._teams |= dict.fromkeys(jobs, "") | dict(owners)

    def _holds(self, window: ExclusionWindow, schedule: JobSchedule) -> bool:
        match window.scope:
            case ExclusionScope.GLOBAL:
                return True
            case ExclusionScope.TEAM:
                return window.team_name == self._team_of(schedule)
        return window.pk in schedule.exclusions

    def _team_of(self, schedule: JobSchedule) -> str | None:
        """The team of the schedule's job; None while it has no job."""
        if schedule.job_id is None:
            return None
        if schedule.job_id not in self._teams:
            self.load_teams([schedule])
        return self._teams[schedule.job_id] or None


def rule_of(schedule: JobSchedule) -> Rule:
    """The rule of a schedule as it stands; raise ``InvalidRule`` when its fields make none.

    That all its slots are excluded does not: only who saves a rule hears of that.
    """
    return compile_rule(spec_of(schedule), may_be_excluded=True)


def spec_of(
    schedule: JobSchedule,
    *,
    exclusions: Iterable[ExclusionWindow] | None = None,
    around: Surroundings | None = None,
) -> RuleSpec:
    """The rule as it is written, with its calendar and the windows that hold for it.

    The row need not be saved. ``exclusions`` stand in for those that hold; ``around`` spares the
    look at calendars and windows where it was had before.
    """
    around = around or Surroundings()
    values = {name: getattr(schedule, name) for name in _SAME}
    values |= {name: None for name, default in _DEFAULTS.items() if values[name] == default}
    if exclusions is None:
        held = around.exclusions(schedule)
    else:
        held = tuple(map(around.exclusion, exclusions))
    return RuleSpec(
        kind=schedule.schedule_type,
        hash_key=str(schedule.pk),
        calendar=around.calendar(schedule.calendar_id) if schedule.calendar_id else None,
        anchor=schedule.anchor_at.replace(microsecond=0),
        exclusions=held,
        **values,
    )


def write_spec(spec: RuleSpec) -> dict[str, Any]:
    """The whole rule as JSON; what is not set is left out."""
    return {
        **_written(spec, without={"exclusions", "calendar"}),
        **({"calendar": spec.calendar.id} if spec.calendar else {}),
        "exclusions": [
            _written(exclusion, without={"calendar"})
            | ({"calendar": exclusion.calendar.id} if exclusion.calendar else {})
            for exclusion in spec.exclusions
        ],
    }


def read_spec(written: dict[str, Any]) -> RuleSpec:
    """What ``write_spec`` wrote."""
    exclusions = tuple(Exclusion(**_read(one)) for one in written["exclusions"])
    return RuleSpec(**{**_read(written), "exclusions": exclusions})


UNREADABLE = (InvalidRule, ObjectDoesNotExist, TypeError, ValueError, KeyError)
"""What reading a rule that was kept may raise, if another release had written it."""


class VersionRules:
    """The rules of schedule versions, kept: a version never changes."""

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._written: dict[UUID, dict[str, Any]] = {}
        self._read: dict[UUID, RuleSpec] = {}

    def load(self, version_ids: Iterable[UUID]) -> None:
        """Fetch those that are not known yet, in one query."""
        wanted = set(version_ids)
        missing = wanted - self._written.keys()
        if not missing:
            return
        if len(self._written) + len(missing) > self._most:
            self._written.clear()
            self._read.clear()
            missing = wanted
        rows = ScheduleVersion.objects.filter(pk__in=missing).values_list("pk", "spec")
        self._written.update(rows)

    def get(self, version_id: UUID) -> Rule:
        """One that was loaded; raise one of ``UNREADABLE`` when it makes no rule any more."""
        if version_id not in self._read:
            self._read[version_id] = read_spec(self._written[version_id])
        return compile_rule(self._read[version_id], may_be_excluded=True)

    def kind(self, version_id: UUID) -> str:
        """The kind of one that was loaded."""
        return str(self._written[version_id]["kind"])


def _written(value: RuleSpec | Exclusion, *, without: set[str]) -> dict[str, Any]:
    items = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {
        name: item.isoformat() if hasattr(item, "isoformat") else item
        for name, item in items
        if name not in without and item is not None
    }


def _read(written: dict[str, Any]) -> dict[str, Any]:
    values = {
        name: _PARSERS[name](item) if name in _PARSERS else item
        for name, item in written.items()
        if name != "exclusions"
    }
    if "calendar" in written:
        values["calendar"] = read_calendar(written["calendar"])
    return values
