"""By what a container is known: one name per execution, and labels that say whose it is.

The engine gives a name to one container only, so two attempts of an execution cannot run on one
Docker host at once: the later one has to remove the earlier one's container first.
"""

import socket
from functools import lru_cache

from django.conf import settings
from django.db import connection

from executions.claim import Claim

PREFIX = "scheduler."
INSTANCE = f"{PREFIX}instance"
EXECUTION = f"{PREFIX}execution"
FENCE = f"{PREFIX}fence"
ATTEMPT = f"{PREFIX}attempt"
JOB = f"{PREFIX}job"
WORKER = f"{PREFIX}worker"


def name_of(claim: Claim) -> str:
    return f"scheduler-{claim.execution_id}"


def labels_of(claim: Claim) -> dict[str, str]:
    """Return what is written on the container of this attempt."""
    return {
        INSTANCE: instance(),
        EXECUTION: str(claim.execution_id),
        FENCE: str(claim.fence),
        ATTEMPT: str(claim.attempt),
        JOB: str(claim.snapshot["name"]),
        WORKER: socket.gethostname(),
    }


@lru_cache(maxsize=1)
def instance() -> str:
    """Return what tells this platform from others on the same Docker host.

    The environment is part of it, because a copied database keeps its identifier.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier::text || '-' || d.oid FROM pg_control_system(), pg_database d"
            " WHERE d.datname = current_database()"
        )
        (identifier,) = cursor.fetchone()
    return f"{settings.SCHEDULER_ENVIRONMENT}-{identifier}"
