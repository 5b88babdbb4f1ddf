"""Which image a job may run, and how it comes to the Docker host."""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from core.secret_references import Mask
from executions.handlers.container.engine import EngineRefused, connect, translated

_SETTING = "SCHEDULER_ALLOWED_IMAGES"
# What a registry answers for good: another attempt would hear the same.
_REFUSAL = re.compile(
    r"denied|unauthorized|authentication required|no basic auth|not found|manifest unknown"
    r"|does not exist|invalid reference|no matching manifest",
    re.IGNORECASE,
)


class ImageRefused(Exception):
    """An image that is not run; the message says why and what to do."""


class ImageAway(Exception):
    """The registry could not be asked; another attempt may fare better."""


def refuse_unless_allowed(image: str, allowed: Sequence[str]) -> None:
    """Raise :class:`ImageRefused` unless a pattern covers the image, as it is written."""
    if not any(_matches(image, pattern) for pattern in allowed):
        raise ImageRefused(
            f"The image {image} is not in {_SETTING} of this worker, which lists"
            f" {', '.join(allowed) or 'nothing'}. To allow it, add it there and restart the"
            " workers."
        )


def provide(
    image: str, options: dict[str, Any], mask: Mask, *, goes_on: Callable[[], bool]
) -> None:
    """Have the image on the Docker host, as the job's pull policy says.

    A pull is broken off when ``goes_on`` says so: the engine ends it with the connection.
    """
    policy = options.get("pull", "missing")
    if policy != "always" and _is_there(image):
        return
    if policy == "never":
        raise ImageRefused(
            f"The image {image} is not on the Docker host, and the option pull is 'never'."
            " Bring it there, or use 'missing'."
        )
    _pull(image, _read_login(options, mask), goes_on)


def _is_there(image: str) -> bool:
    try:
        with translated():
            connect().inspect_image(image)
    except EngineRefused as error:
        if error.status == 404:
            return False
        raise
    return True


def _pull(image: str, login: dict[str, str], goes_on: Callable[[], bool]) -> None:
    # Without a tag the engine would pull all there are.
    name, digest, _ = image.partition("@")
    tagged = image if digest or ":" in name.rpartition("/")[2] else f"{image}:latest"
    try:
        with translated():
            for step in connect().pull(tagged, stream=True, decode=True, auth_config=login):
                if "error" in step:
                    raise _explain(image, str(step["error"]))
                if not goes_on():
                    return
    except EngineRefused as error:
        raise _explain(image, str(error)) from None


def _explain(image: str, message: str) -> Exception:
    said = f"The image {image} could not be pulled: {message}"
    if _REFUSAL.search(message):
        hint = " Check its name and tag, and the option registry if it needs a login."
        return ImageRefused(f"{said}.{hint}")
    return ImageAway(said)


def _read_login(options: dict[str, Any], mask: Mask) -> dict[str, str]:
    """Return the job's login; an empty one, as the SDK would take None for its user's own."""
    if (registry := options.get("registry")) is None:
        return {}
    return {"username": registry["username"], "password": mask.resolve(registry["password"])}


def _matches(image: str, pattern: str) -> bool:
    """Match part by part, so that no wildcard crosses a ``/`` or stands for a registry's host.

    With a digest the engine does not look at the tag: a pattern that names one does not cover it.
    """
    names, patterns = image.split("/"), pattern.split("/")
    if _has_host(names) and names[0] != patterns[0]:
        return False
    if "@" in image and "@" not in pattern and ":" in patterns[-1]:
        return False
    return len(names) == len(patterns) and all(map(fnmatchcase, names, patterns))


def _has_host(names: list[str]) -> bool:
    """Whether the first part is a registry, as Docker tells it, and not a name on Docker Hub."""
    first = names[0]
    is_host = "." in first or ":" in first or first == "localhost" or first != first.lower()
    return len(names) > 1 and is_host
