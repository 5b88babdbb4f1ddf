"""The fields of a schedule's page, in parts."""

from collections.abc import Iterable
from typing import Any

from jobs.admin.schedule_kinds import KIND_FIELDS, WAYS

RULE_FIELDS = (
    *("schedule_type", *KIND_FIELDS, "calendar", "timezone"),
    *("start_at", "end_at", "exclusions", "dst_gap", "dst_repeat"),
)
POLICY_FIELDS = (
    *("misfire_policy", "misfire_grace_seconds", "catchup_window_seconds", "max_catchup"),
    *("overlap", "overlap_limit", "spread_seconds", "max_runs", "pause_after_failures"),
    *("conditions", "conditional_expression", "on_false", "poll_seconds", "wait_seconds"),
    "on_error",
)
SCHEDULE_FIELDS = (*RULE_FIELDS, *POLICY_FIELDS, "is_active", "parameters")

_DESCRIPTIONS = {
    "Exclusions": "Times at which nothing may run: what falls into them is skipped, or waits"
    " for their end.",
    "Daylight saving": "What becomes of a time of day where the clock jumps forward or back.",
    "Missed slots": "What becomes of slots that are found late because the platform was down.",
    "Overlap": "What a slot does while an earlier run of this schedule is not finished.",
    "Limits": "When the schedule stops by itself.",
    "Condition": "Looked at by a worker at each slot: only if it holds does the job run.",
}


def fieldsets() -> list[tuple[str | None, dict[str, Any]]]:
    """The rule, always in sight, and the parts of which one shows at a time."""
    rule = ("job", "schedule_type", *WAYS, *KIND_FIELDS, "calendar", "timezone", "next_fires")
    return [
        (None, {"fields": rule}),
        _part("From and until", ("start_at", "end_at", "is_active")),
        _part("Exclusions", ("exclusions",)),
        _part("Daylight saving", ("dst_gap", "dst_repeat")),
        _part("Missed slots", POLICY_FIELDS[:4]),
        _part("Overlap", POLICY_FIELDS[4:7]),
        _part("Limits", POLICY_FIELDS[7:9]),
        _part("Condition", POLICY_FIELDS[9:]),
        _part("Parameters", ("parameters",)),
        _part("History", ("created", "updated")),
    ]


def fieldsets_to_read(*, is_archived: bool) -> list[tuple[str | None, dict[str, Any]]]:
    """The same for who cannot change it: the rule in words, windows by their names."""
    fires = () if is_archived else ("next_fires",)
    parts = fieldsets()[1:]
    for _, part in parts:
        part["fields"] = ["windows" if n == "exclusions" else n for n in part["fields"]]
    shown = ("job", "rule_in_words", "calendar", "timezone", *fires)
    return [(None, {"fields": shown}), *parts]


def _part(name: str, fields: Iterable[str]) -> tuple[str, dict[str, Any]]:
    description = _DESCRIPTIONS.get(name, "")
    return name, {"classes": ["tab"], "fields": tuple(fields), "description": description}
