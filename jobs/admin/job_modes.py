"""What the form of a job asks for in each mode of execution."""

from typing import Any

from jobs.models import ExecutionMode

MODES = (
    (ExecutionMode.IN_PROCESS, "In process: a Python handler of the worker"),
    (ExecutionMode.OUT_OF_PROCESS, "Out of process: a command, started by the worker"),
    (ExecutionMode.CONTAINER, "Container: an image, run by a Docker Engine"),
    (ExecutionMode.HTTP, "HTTP: a request to an address"),
    (ExecutionMode.CELERY_TASK, "Celery task: one of your own, on your own queue"),
)
FIELDS_OF_MODE: dict[str, tuple[str, ...]] = {
    ExecutionMode.IN_PROCESS: ("execution_type_name",),
    ExecutionMode.OUT_OF_PROCESS: ("execution_command",),
    ExecutionMode.CONTAINER: ("container_image", "execution_command", "execution_options"),
    ExecutionMode.HTTP: ("execution_options",),
    ExecutionMode.CELERY_TASK: ("execution_type_name", "execution_options"),
}
MODE_FIELDS = ("execution_type_name", "container_image", "execution_command", "execution_options")
OPTIONS_HELP = (
    "A JSON object. Of a container: memoryMb, cpus, pids, network, user, readOnly, tmpMb, pull,"
    ' registry, environment, workingDirectory, such as {"memoryMb": 256}. Of a request: url,'
    " method, headers, body, expectedStatuses, completion. Of a Celery task: queue, args,"
    " brokerUrl, resultBackendUrl, ignoreResult. A secret is a reference, such as"
    ' {"secret": "env:JOBSECRET_NAME"}.'
)


def shown_when(field: str) -> str:
    """Return the script expression that says whether a mode is chosen that has this field."""
    modes = [mode for mode, fields in FIELDS_OF_MODE.items() if field in fields]
    chosen = [f"execution_mode === '{mode}'" for mode in modes]
    return " || ".join(["typeof execution_mode === 'undefined'", *chosen])


def fields_of_others(mode: str) -> dict[str, Any]:
    """Return the fields that this mode does not have, each with what it holds when unused."""
    unused = [field for field in MODE_FIELDS if field not in FIELDS_OF_MODE[mode]]
    return {field: {} if field == "execution_options" else "" for field in unused}
