"""What a condition is made of, and how each part says itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NO_RUN = "none"
"""The outcome of a previous run that there is not."""


@dataclass(frozen=True)
class Check:
    """One question about the world; ``path`` is where in the condition it stands."""

    path: str

    is_external = False

    def words(self) -> str:
        """What has to be so."""
        raise NotImplementedError


@dataclass(frozen=True)
class PreviousOutcome(Check):
    """How the schedule's previous run ended."""

    outcomes: tuple[str, ...]

    def words(self) -> str:
        return f"the previous run is {_either(self.outcomes)}"


@dataclass(frozen=True)
class Dependency(Check):
    """How the latest finished run of a job ended, at most ``within`` seconds ago."""

    job: str
    outcomes: tuple[str, ...]
    within: float | None

    def words(self) -> str:
        ago = "" if self.within is None else f" at most {self.within:g} s ago"
        return f"the latest run of job {self.job} is {_either(self.outcomes)}{ago}"


@dataclass(frozen=True)
class DayKind(Check):
    """What the run's business date is; by the schedule's own calendar when none is named."""

    calendar: str | None
    kind: str

    def words(self) -> str:
        by = "" if self.calendar is None else f" in calendar {self.calendar}"
        return f"the business date is a {self.kind.replace('_', ' ')}{by}"


@dataclass(frozen=True)
class ParameterCheck(Check):
    """What a parameter of the run is: it ``equals`` a value, is ``in`` a list, or ``exists``."""

    name: str
    comparison: str
    value: Any

    def words(self) -> str:
        if self.comparison == "exists":
            return f"parameter {self.name} is {'given' if self.value else 'not given'}"
        comparison = "is" if self.comparison == "equals" else "is one of"
        return f"parameter {self.name} {comparison} {self.value!r}"


@dataclass(frozen=True)
class EnvironmentCheck(Check):
    """Where the platform runs."""

    names: tuple[str, ...]

    def words(self) -> str:
        return f"the environment is {_either(self.names)}"


@dataclass(frozen=True)
class ExpressionCheck(Check):
    """What an expression in CEL says."""

    source: str

    def words(self) -> str:
        return f"the expression {self.source!r} is true"


@dataclass(frozen=True)
class HttpCheck(Check):
    """What status a web address answers with."""

    url: str
    statuses: tuple[int, ...]
    timeout: float

    is_external = True

    def words(self) -> str:
        return f"{self.url} answers {_either(self.statuses)}"


@dataclass(frozen=True)
class SqlCheck(Check):
    """Whether the first value that a query answers is true or not 0."""

    database: str
    query: str
    timeout: float

    is_external = True

    def words(self) -> str:
        return f"the query on database {self.database} answers true"


@dataclass(frozen=True)
class FileCheck(Check):
    """Whether a file or folder is there."""

    file: str

    is_external = True

    def words(self) -> str:
        return f"{self.file} exists"


@dataclass(frozen=True)
class AllOf:
    """Every one of the terms holds."""

    terms: tuple["Term", ...]


@dataclass(frozen=True)
class AnyOf:
    """At least one of the terms holds."""

    terms: tuple["Term", ...]


@dataclass(frozen=True)
class Not:
    """The term does not hold."""

    term: "Term"


Term = Check | AllOf | AnyOf | Not


def checks_of(term: Term) -> Iterator[Check]:
    """AllOf checks below a term, in the order they are written."""
    match term:
        case AllOf(terms) | AnyOf(terms):
            for one in terms:
                yield from checks_of(one)
        case Not(inner):
            yield from checks_of(inner)
        case _:
            yield term


def _either(values: tuple[Any, ...]) -> str:
    *first, last = map(str, values)
    return f"{', '.join(first)} or {last}" if first else last
