"""How services refuse: a few exceptions that API, admin and commands show alike."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field (snake_case name), as a stable code and a sentence.

    What is inside a field of JSON follows after a dot, as it is written there.
    """

    field: str
    code: str
    detail: str


class Refused(Exception):
    """A request that cannot be met; ``code`` is stable, the message says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Conflict(Refused):
    """The object's present state does not allow it (HTTP 409)."""


class NotFound(Refused):
    """The object is gone: somebody has deleted it meanwhile (HTTP 404)."""

    def __init__(self, detail: str) -> None:
        super().__init__("not_found", detail)


class Unavailable(Refused):
    """A server that is needed for the answer does not answer itself (HTTP 503)."""


class InvalidInput(Refused):
    """Fields are not valid (HTTP 400); nothing was changed."""

    def __init__(self, problems: list[FieldProblem]) -> None:
        super().__init__("validation_error", "; ".join(f"{p.field}: {p.detail}" for p in problems))
        self.problems = problems
