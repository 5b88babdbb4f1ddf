"""What a job's container may ask of a worker: the networks and limits that its settings give."""

from typing import Any

from django.conf import settings

_LIMITS = (
    ("memoryMb", "SCHEDULER_CONTAINER_MOST_MEMORY_MB"),
    ("cpus", "SCHEDULER_CONTAINER_MOST_CPUS"),
    ("pids", "SCHEDULER_CONTAINER_MOST_PIDS"),
)


class OptionRefused(Exception):
    """A job asks for what this worker does not give; the message says what to change."""


def refuse_unless_permitted(options: dict[str, Any]) -> None:
    """Raise :class:`OptionRefused` for a network that is not listed, or a limit too high."""
    network, networks = options.get("network", "none"), settings.SCHEDULER_CONTAINER_NETWORKS
    if network not in ("none", *networks):
        raise OptionRefused(
            f"The network {network} is not in SCHEDULER_CONTAINER_NETWORKS of this worker, which"
            f" lists {', '.join(networks) or 'nothing'}. To allow it, add it there and restart the"
            " workers."
        )
    for option, setting in _LIMITS:
        most = getattr(settings, setting)
        if (asked := options.get(option, 0)) > most:
            raise OptionRefused(
                f"The job asks for {option} {asked:g}; this worker gives at most {most:g}. Ask for"
                f" less, or raise {setting} and restart the workers."
            )
