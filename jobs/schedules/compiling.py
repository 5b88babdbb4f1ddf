"""From a rule as it is written to one that can be asked, with all that may be wrong named."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from jobs.schedules.bounds import EARLIEST
from jobs.schedules.business import CalendarOutOfDate
from jobs.schedules.errors import FieldError, InvalidRule, collect
from jobs.schedules.exclusion_errors import exclusion_errors
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.kinds import timing_of
from jobs.schedules.rule import Rule
from jobs.schedules.spec import RuleSpec
from jobs.schedules.spec_errors import bound_errors, dst_errors
from jobs.schedules.timing import Timing, WallTiming
from jobs.schedules.words import listed
from jobs.schedules.zone import load_zone

_UTC = ZoneInfo("UTC")
# What is excluded also depends on how clocks change, which they did not always do.
_CLOCKS_CHANGE = datetime(2020, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def compile_rule(spec: RuleSpec, *, may_be_excluded: bool = False) -> Rule:
    """The rule of a spec; raise ``InvalidRule`` naming every bad field.

    A rule that can never fire is invalid; so is one all of whose slots are excluded, unless
    ``may_be_excluded``: a window that came later must not make a rule unreadable. Rules are
    cached, so compiling one again is cheap.
    """
    errors = dst_errors(spec)
    if errors:
        spec = replace(spec, dst_gap=None, dst_repeat=None)
    zone = collect(errors, lambda: load_zone(spec.timezone))
    timing = collect(errors, lambda: timing_of(spec, zone or _UTC))
    errors += bound_errors(spec)
    for exclusion in spec.exclusions:
        errors += _named(exclusion, exclusion_errors(exclusion))
    if errors or zone is None or timing is None:
        raise InvalidRule(errors)
    rule = Rule(spec, _with_policy(timing, spec), zone)
    errors = _never_errors(rule, spec)
    if errors and not (may_be_excluded and errors[0].field == "exclusions"):
        raise InvalidRule(errors)
    return rule


def _named(exclusion: Exclusion, errors: list[FieldError]) -> list[FieldError]:
    return [
        FieldError("exclusions", one.code, f"{exclusion.name}: {one.field}: {one.detail}")
        for one in errors
    ]


def _with_policy(timing: Timing, spec: RuleSpec) -> Timing:
    """The timing with the spec's own choice for changes of the clock, where it has one."""
    if isinstance(timing, WallTiming) and (spec.dst_gap or spec.dst_repeat):
        return replace(timing, dst_gap=spec.dst_gap, dst_repeat=spec.dst_repeat)
    return timing


def _never_errors(rule: Rule, spec: RuleSpec) -> list[FieldError]:
    """Why the rule never fires; a calendar that ends before is no reason."""
    calendars = [spec.calendar, *(exclusion.calendar for exclusion in spec.exclusions)]
    known = [datetime(one.first_year, 1, 3, tzinfo=UTC) for one in calendars if one]
    known_from = max(known + [_CLOCKS_CHANGE] * bool(spec.exclusions), default=EARLIEST)
    try:
        if rule.next(known_from):
            return []
        if rule.next_slot(known_from):
            return [_all_excluded(spec.exclusions)]
        if rule.next_slot(EARLIEST):
            return []
    except CalendarOutOfDate:
        return []
    detail = "the rule never fires between its start and its end; widen them"
    return [FieldError("end_at" if spec.end_at else "start_at", "never_fires", detail)]


def _all_excluded(exclusions: tuple[Exclusion, ...]) -> FieldError:
    names = listed([exclusion.name for exclusion in exclusions])
    detail = f"every fire is excluded by {names}; shorten the excluded time or leave one out"
    return FieldError("exclusions", "excluded_for_ever", detail)
