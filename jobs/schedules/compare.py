"""What the edit of a rule adds to its fires, and what it takes away."""

from dataclasses import dataclass
from datetime import datetime

from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.excluded_time import Effort
from jobs.schedules.rule import Rule

MOST_COMPARED = 50_000
"""So many fires of each rule are looked at; a month of minutes is fewer."""

MOST_EFFORT = 1_000_000
"""So much may be asked of the exclusions of each: about a second."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The fires of only one of two rules, earliest first, and how many they share.

    ``is_cut`` when there are more, they are too laborious to find, or a calendar ends before: then
    this is how it begins.
    """

    added: list[datetime]
    removed: list[datetime]
    kept: int
    is_cut: bool


def compare_rules(
    before: Rule | None, after: Rule | None, *, start: datetime, end: datetime, most: int = 500
) -> Comparison:
    """Compare the fires later than ``start`` and up to ``end``; None stands for no rule at all.

    Of those added and of those removed at most ``most`` are listed each.
    """
    old, old_until = _fires(before, start, end)
    new, new_until = _fires(after, start, end)
    until = min(old_until, new_until)
    olds, news = ({fire for fire in fires if fire <= until} for fires in (old, new))
    added, removed = sorted(news - olds), sorted(olds - news)
    return Comparison(
        added=added[:most],
        removed=removed[:most],
        kept=len(olds & news),
        is_cut=until < end or max(len(added), len(removed)) > most,
    )


def _fires(rule: Rule | None, start: datetime, end: datetime) -> tuple[list[datetime], datetime]:
    """The fires in between, and up to when they are all there."""
    fires: list[datetime] = []
    if rule is None:
        return fires, end
    effort = Effort()
    try:
        fire = rule.next(start, effort=effort)
        while fire is not None and fire <= end:
            if len(fires) == MOST_COMPARED or effort.spent > MOST_EFFORT:
                return fires, fires[-1] if fires else start
            fires.append(fire)
            fire = rule.next(fire, effort=effort)
    except CalendarOutOfDate:
        return fires, fires[-1] if fires else start
    return fires, end
