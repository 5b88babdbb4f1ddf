"""What can be wrong with an exclusion."""

from collections.abc import Iterator
from datetime import datetime, time

from jobs.schedules.bounds import EARLIEST, LATEST
from jobs.schedules.errors import FieldError, InvalidRule
from jobs.schedules.exclusions import Exclusion
from jobs.schedules.zone import load_zone

_FORMS = {
    "two instants": ("starts_at", "ends_at"),
    "a first and a last date": ("first_date", "last_date"),
    "two times of day, on some days of the week or on all": (
        *("from_time", "until_time"),
        "days_of_week",
    ),
    "a calendar": ("calendar",),
}
_ALL_WEEKDAYS = 127


def exclusion_errors(exclusion: Exclusion) -> list[FieldError]:
    """What is wrong with each field; empty when the exclusion is sound."""
    errors = list(_shared(exclusion))
    given = {
        form: name for form, names in _FORMS.items() for name in names if _has(exclusion, name)
    }
    if len(given) != 1:
        problem = f"{' and '.join(given)} do not go together" if given else "nothing is excluded"
        field = list(given.values())[1] if given else "starts_at"
        detail = f"{problem}; give one of these: {', or '.join(_FORMS)}"
        return [*errors, FieldError(field, "conflict" if given else "required", detail)]
    if exclusion.calendar is None:
        errors += _dates(exclusion)
        errors += _instants(exclusion)
        errors += _recurring(exclusion)
    return errors


def _has(exclusion: Exclusion, name: str) -> bool:
    return getattr(exclusion, name) is not None


def _shared(exclusion: Exclusion) -> Iterator[FieldError]:
    if exclusion.on_excluded not in ("skip", "defer"):
        detail = f"{exclusion.on_excluded!r} is not known; use skip or defer"
        yield FieldError("on_excluded", "unknown_choice", detail)
    if exclusion.timezone is not None:
        try:
            load_zone(exclusion.timezone)
        except InvalidRule as invalid:
            yield from invalid.errors


def _missing(exclusion: Exclusion, first: str, last: str) -> Iterator[FieldError]:
    """The half of a pair that is not there, if the other is."""
    for name, other in ((first, last), (last, first)):
        if _has(exclusion, other) and not _has(exclusion, name):
            yield FieldError(name, "required", f"the other end of {other} is missing")


def _instants(exclusion: Exclusion) -> Iterator[FieldError]:
    yield from _missing(exclusion, "starts_at", "ends_at")
    start, end = exclusion.starts_at, exclusion.ends_at
    bad = [*_instant("starts_at", start), *_instant("ends_at", end)]
    yield from bad
    if not bad and start and end and end <= start:
        detail = f"{end.isoformat()} is not after the start, {start.isoformat()}"
        yield FieldError("ends_at", "end_before_start", detail)


def _instant(name: str, moment: datetime | None) -> Iterator[FieldError]:
    if moment is None:
        return
    if moment.utcoffset() is None:
        detail = f"{moment.isoformat()} has no UTC offset; write it with one, such as Z"
        yield FieldError(name, "naive_datetime", detail)
    elif not EARLIEST <= moment <= LATEST:
        detail = f"{moment.isoformat()} is out of range; use a year up to {LATEST.year - 1}"
        yield FieldError(name, "out_of_range", detail)
    elif moment.microsecond:
        detail = f"{moment.isoformat()} has a fraction of a second; use whole seconds"
        yield FieldError(name, "invalid_time", detail)


def _dates(exclusion: Exclusion) -> Iterator[FieldError]:
    yield from _missing(exclusion, "first_date", "last_date")
    first, last = exclusion.first_date, exclusion.last_date
    bad = [
        FieldError(name, "out_of_range", f"{day} is out of range; use a year up to 9899")
        for name, day in (("first_date", first), ("last_date", last))
        if day and not EARLIEST.date() <= day < LATEST.date()
    ]
    yield from bad
    if not bad and first and last and last < first:
        detail = f"{last} is before the first, {first}; a single day is both"
        yield FieldError("last_date", "end_before_start", detail)


def _recurring(exclusion: Exclusion) -> Iterator[FieldError]:
    if exclusion.days_of_week is not None and not 1 <= exclusion.days_of_week <= _ALL_WEEKDAYS:
        detail = f"{exclusion.days_of_week} is not a sum of the bits of weekdays; use 1 (Sunday)"
        yield FieldError("days_of_week", "out_of_range", f"{detail} to 64 (Saturday), up to 127")
    if exclusion.days_of_week and not exclusion.from_time and not exclusion.until_time:
        detail = "days of the week need the times of day from which to which; equal ones are a day"
        yield FieldError("from_time", "required", detail)
    yield from _missing(exclusion, "from_time", "until_time")
    yield from _time("from_time", exclusion.from_time)
    yield from _time("until_time", exclusion.until_time)


def _time(name: str, moment: time | None) -> Iterator[FieldError]:
    if moment is None:
        return
    if moment.tzinfo is not None:
        detail = f"{moment} must not carry an offset; it is wall-clock time in the timezone"
        yield FieldError(name, "invalid_time", detail)
    elif moment.microsecond:
        yield FieldError(
            name, "invalid_time", f"{moment} has a fraction of a second; use whole seconds"
        )
