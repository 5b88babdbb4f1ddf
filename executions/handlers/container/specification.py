"""What the engine is asked to create: the job's image and command, fenced in."""

import shlex
from typing import Any

from django.conf import settings

from core.secret_references import Mask
from executions.capture import LogBuffer
from executions.claim import Claim
from executions.handlers.container.engine import connect
from executions.handlers.container.exchange import VOLUME, Places
from executions.handlers.container.naming import labels_of, name_of
from executions.handlers.out_of_process.environment import describe_attempt

NOBODY = "65534:65534"
TMP_MB = 64
_MIB = 1024 * 1024


def options_of(claim: Claim) -> dict[str, Any]:
    options: dict[str, Any] = claim.snapshot.get("execution_options") or {}
    return options


def user_of(claim: Claim) -> str:
    return str(options_of(claim).get("user", NOBODY))


def memory_of(claim: Claim) -> int:
    """Return the memory that the container may use (MiB)."""
    return int(options_of(claim).get("memoryMb", settings.SCHEDULER_CONTAINER_MEMORY_MB))


def specify(claim: Claim, mask: Mask, lines: LogBuffer) -> dict[str, Any]:
    """Return the arguments that create this attempt's container.

    Secrets among its variables are hidden by ``mask``; ``lines`` hears what could not be told.
    """
    options = options_of(claim)
    own = {name: mask.resolve(value) for name, value in options.get("environment", {}).items()}
    environment = {
        "TMPDIR": "/tmp",  # noqa: S108
        **own,
        **describe_attempt(claim, Places(), lines),
        "SCHEDULER_CHECKPOINT_FILE": Places.checkpoint_file,
    }
    return {
        "image": claim.snapshot["container_image"],
        # None leaves it to the image.
        "command": shlex.split(claim.snapshot["execution_command"]) or None,
        "name": name_of(claim),
        "labels": labels_of(claim),
        "environment": environment,
        "user": user_of(claim),
        "working_dir": options.get("workingDirectory"),
        "volumes": [VOLUME],
        "host_config": _limit(claim, options),
    }


def _limit(claim: Claim, options: dict[str, Any]) -> Any:
    memory = memory_of(claim) * _MIB
    cpus = float(options.get("cpus", settings.SCHEDULER_CONTAINER_CPUS))
    return connect().create_host_config(
        mem_limit=memory,
        memswap_limit=memory,  # memory and swap together: no swap
        nano_cpus=int(cpus * 1_000_000_000),
        pids_limit=options.get("pids", settings.SCHEDULER_CONTAINER_PIDS),
        network_mode=options.get("network", "none"),
        read_only=options.get("readOnly", True),
        tmpfs={"/tmp": f"size={options.get('tmpMb', TMP_MB)}m,mode=1777,nosuid,nodev"},  # noqa: S108
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        # What it says goes to this worker alone; nothing is kept on the Docker host.
        log_config={"Type": "none"},
        restart_policy={"Name": "no"},
    )
