"""The answer as a value."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from executions.waits import Cause


@dataclass(frozen=True)
class Why:
    """How something stands, in one sentence, and each cause of that, the deciding one first."""

    kind: str
    """``execution``, ``schedule`` or ``job``."""
    id: UUID
    job_name: str
    status: str
    summary: str
    causes: tuple[Cause, ...]

    @classmethod
    def of(
        cls, kind: str, pk: UUID, *, job_name: str, status: str, causes: tuple[Cause, ...]
    ) -> Self:
        """The answer whose first cause sums it up."""
        return cls(kind, pk, job_name, status, causes[0].detail.partition("\n")[0], causes)
