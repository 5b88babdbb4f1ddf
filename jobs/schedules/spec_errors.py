"""What can be wrong with a spec whatever its kind: its bounds and its policies."""

from jobs.schedules.bounds import LATEST
from jobs.schedules.errors import FieldError
from jobs.schedules.spec import RuleSpec

_DST_WORDS = {"dst_gap": ("run_after", "skip"), "dst_repeat": ("first", "second", "both")}


def dst_errors(spec: RuleSpec) -> list[FieldError]:
    """Words for what changes of the clock do that are none."""
    return [
        FieldError(name, "unknown_choice", f"{word!r} is not known; use {', '.join(known)}")
        for name, known in _DST_WORDS.items()
        if (word := getattr(spec, name)) is not None and word not in known
    ]


def bound_errors(spec: RuleSpec) -> list[FieldError]:
    """Bounds between which nothing can fire."""
    errors = [
        FieldError(name, "naive_datetime", f"{moment.isoformat()} has no UTC offset; add one")
        for name, moment in (("start_at", spec.start_at), ("end_at", spec.end_at))
        if moment is not None and moment.utcoffset() is None
    ]
    if errors:
        return errors
    if spec.start_at and spec.start_at >= LATEST:
        detail = f"{spec.start_at.isoformat()} is later than any fire may be"
        detail += f"; use a year up to {LATEST.year - 1}"
        errors.append(FieldError("start_at", "out_of_range", detail))
    elif spec.start_at and spec.end_at and spec.end_at < spec.start_at:
        detail = f"{spec.end_at.isoformat()} is before the start, {spec.start_at.isoformat()}"
        errors.append(FieldError("end_at", "end_before_start", detail))
    return errors
