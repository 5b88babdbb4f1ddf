"""The slots of a schedule over the versions of its rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.models import ScheduleVersion, Standing
from jobs.rules import UNREADABLE, VersionRules
from jobs.schedules import Rule


@dataclass(frozen=True)
class Stretch:
    """The time from ``since`` (exclusive) to ``until`` (inclusive; None: still) of one version."""

    rule: Rule
    kind: str
    standing: Standing
    since: datetime
    until: datetime | None
    reason: str | None = None

    def covers(self, slot: datetime) -> bool:
        return self.since < slot and (self.until is None or slot <= self.until)


def stretches_of(versions: Sequence[ScheduleVersion], rules: VersionRules) -> list[Stretch]:
    """The stretches of one schedule's ``versions``, which are in order of number, and loaded.

    One of the past whose rule cannot be read any more is left out; the latest has to be readable.
    """
    ends = [version.since for version in versions[1:]] + [None]
    stretches = []
    for version, end in zip(versions, ends, strict=True):
        try:
            rule = rules.get(version.pk)
        except UNREADABLE:
            if end is None:
                raise
            continue
        stretches.append(
            Stretch(
                rule=rule,
                kind=rules.kind(version.pk),
                standing=Standing(version.standing),
                since=version.since,
                until=end,
                reason=version.reason,
            )
        )
    return stretches


def nominal_slots(
    stretches: Sequence[Stretch], *, after: datetime, until: datetime
) -> Iterator[tuple[datetime, Stretch]]:
    """Each slot later than ``after`` and not later than ``until`` of the times that it fired."""
    for stretch in stretches:
        if stretch.standing != Standing.FIRING:
            continue
        end = until if stretch.until is None else min(until, stretch.until)
        slot = stretch.rule.next_slot(max(after, stretch.since))
        while slot is not None and slot <= end:
            yield slot, stretch
            slot = stretch.rule.next_slot(slot)
