"""The times of a schedule's rules, with those at which it did not fire."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.fields.json import KeyTextTransform

from jobs.models import ScheduleType, ScheduleVersion, Standing
from jobs.rules import VersionRules
from jobs.schedules import InvalidRule, Rule
from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.zone import load_zone

_rules = VersionRules()


@dataclass(frozen=True)
class Span:
    """The time from ``since`` (exclusive) to ``until`` (inclusive; None: still) of one version.

    ``rule`` is None where no slot can be foretold: they follow on completions, or ``problem`` says
    why not. Where the schedule did not fire it is the last rule by which it did.
    """

    rule: Rule | None
    standing: Standing
    since: datetime
    until: datetime | None
    reason: str | None
    timezone: str
    problem: str | None = None

    def covers(self, slot: datetime) -> bool:
        return self.since < slot and (self.until is None or slot <= self.until)


@dataclass(frozen=True)
class Expected:
    """A slot that the rules name; with ``problem`` the instant from which they name none."""

    slot: datetime
    span: Span
    problem: str | None = None


def read_spans(
    schedules: Iterable[UUID], *, after: datetime, until: datetime
) -> dict[UUID, list[Span]]:
    """The spans of each schedule that lie in (after, until], in two queries."""
    versions: dict[UUID, list[Any]] = {pk: [] for pk in schedules}
    found = ScheduleVersion.objects.filter(schedule__in=list(versions))
    for version in _without_spec(found.order_by("schedule", "number")):
        versions[version["schedule_id"]].append(version)
    chosen = {pk: _chosen(of_one, after, until) for pk, of_one in versions.items()}
    _rules.load(rule["pk"] for parts in chosen.values() for _, rule, _ in parts)
    return {pk: [_span(*part) for part in parts] for pk, parts in chosen.items()}


def expected_slots(
    spans: Sequence[Span], *, after: datetime, until: datetime
) -> Iterator[Expected]:
    """Each slot in (after, until] that the rules name, whether the schedule fired or not."""
    for span in spans:
        begin = max(after, span.since)
        end = until if span.until is None else min(until, span.until)
        if begin >= end:
            continue
        if span.problem:
            yield Expected(begin, span, span.problem)
        elif span.rule is not None:
            yield from _slots_of(span.rule, span, begin, end)


def _slots_of(rule: Rule, span: Span, begin: datetime, end: datetime) -> Iterator[Expected]:
    slot = begin
    try:
        while (following := rule.next_slot(slot)) is not None and following <= end:
            slot = following
            yield Expected(slot, span)
    except CalendarOutOfDate as error:
        zone = load_zone(span.timezone)
        unknown_from = datetime.combine(error.undecided_from, time.min, tzinfo=zone)
        if end >= unknown_from:
            yield Expected(max(slot, unknown_from.astimezone(UTC)), span, str(error))


def _without_spec(versions: Any) -> Any:
    """The specs are large; those that are needed are read, and kept, by ``VersionRules``."""
    return versions.values(
        "pk",
        "schedule_id",
        "since",
        "standing",
        "reason",
        kind=KeyTextTransform("kind", F("spec")),
        timezone=KeyTextTransform("timezone", F("spec")),
    )


def _chosen(
    versions: Sequence[Any], after: datetime, until: datetime
) -> list[tuple[Any, Any, datetime | None]]:
    """Each version that reaches into (after, until], the one its rule is of, and its end."""
    chosen = []
    firing = None
    for version, following in zip_longest(versions, versions[1:]):
        end = following and following["since"]
        if version["standing"] == Standing.FIRING:
            firing = version
        if version["since"] < until and (end is None or end > after):
            chosen.append((version, firing or version, end))
    return chosen


def _span(version: Any, rule_of: Any, until: datetime | None) -> Span:
    rule, problem = None, None
    if rule_of["kind"] != ScheduleType.AFTER_COMPLETION:
        try:
            rule = _rules.get(rule_of["pk"])
        except InvalidRule as error:
            problem = f"the rule does not hold any more: {error}"
    return Span(
        rule=rule,
        standing=Standing(version["standing"]),
        since=version["since"],
        until=until,
        reason=version["reason"],
        timezone=rule_of["timezone"] or "UTC",
        problem=problem,
    )
