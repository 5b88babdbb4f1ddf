"""The run that a condition is about, as its claim tells."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from executions.claim import Claim


@dataclass(frozen=True)
class Run:
    """One claimed execution whose handler has not been called yet."""

    execution_id: UUID
    job_id: UUID
    schedule_id: UUID
    scheduled_for: datetime
    now: datetime
    """When it was claimed: the database's clock, the same for the whole look."""
    business_date: date
    is_late: bool
    parameters: dict[str, Any]
    calendar_id: UUID | None
    conditions: Any
    expression: str | None
    on_false: str
    on_error: str
    poll_seconds: float
    waits_until: datetime
    worker: str

    @classmethod
    def of(cls, claim: Claim, condition: dict[str, Any]) -> "Run":
        slot_date = claim.scheduled_for.astimezone(ZoneInfo(condition["timezone"])).date()
        calendar = condition["calendar"]
        return cls(
            execution_id=claim.execution_id,
            job_id=UUID(condition["job"]),
            schedule_id=UUID(condition["schedule"]),
            scheduled_for=claim.scheduled_for,
            now=claim.started_at,
            business_date=claim.business_date or slot_date,
            is_late=condition["is_late"],
            parameters=claim.parameters,
            calendar_id=None if calendar is None else UUID(calendar),
            conditions=condition["conditions"],
            expression=condition["expression"],
            on_false=condition["on_false"],
            on_error=condition["on_error"],
            poll_seconds=condition["poll_seconds"],
            waits_until=_end_of_wait(claim, condition),
            worker=condition["worker"],
        )


def _end_of_wait(claim: Claim, condition: dict[str, Any]) -> datetime:
    """Until when it waits: decided at the first look, from the slot or what it was deferred to."""
    if condition["waits_until"] is not None:
        return datetime.fromisoformat(condition["waits_until"])
    begin = max(claim.scheduled_for, datetime.fromisoformat(condition["due_at"]))
    return begin + timedelta(seconds=condition["wait_seconds"])
