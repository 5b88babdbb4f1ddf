"""What the ``holidays`` library knows: its countries, its markets, and their days of some years."""

import warnings
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version as version_of
from typing import Any

import holidays
from holidays.registry import COUNTRIES, FINANCIAL

LIBRARY = f"holidays {version_of('holidays')}"

HALF_DAY = "half_day"
# Names in English wherever there are any: left alone, the library follows the process's locale.
_LANGUAGE = "en_US"


@dataclass(frozen=True)
class Entity:
    """A country or a market, as the library has it."""

    code: str
    subdivisions: tuple[str, ...]
    subdivision_names: dict[str, str] = field(hash=False)  # from a name to its code
    categories: tuple[str, ...]
    default_category: str
    weekend: frozenset[int]  # Monday is 0
    first_year: int
    last_year: int


@dataclass(frozen=True)
class Days:
    """The days of one source; of those worked in make-up, a name for each."""

    closed: dict[date, str]
    half: dict[date, str]
    made_up: frozenset[date]


@cache
def country_codes() -> dict[str, str]:
    """Two-letter codes of all countries, by each code that the library has for them."""
    return {code: codes[0] for _, *codes in COUNTRIES.values() for code in codes if len(code) <= 3}


@cache
def country_names() -> dict[str, str]:
    """Two-letter codes of all countries, by name in small letters."""
    return {name.replace("_", " "): codes[0] for name, (_, *codes) in COUNTRIES.items()}


@cache
def market_codes() -> tuple[str, ...]:
    """The codes of all markets: most are MICs."""
    return tuple(code for _, *codes in FINANCIAL.values() for code in codes)


@cache
def load_entity(code: str) -> Entity:
    """The country or market of a code that the library has."""
    known: Any = getattr(holidays, code).get_entity()
    return Entity(
        code=code,
        subdivisions=tuple(known.subdivisions),
        subdivision_names=dict(known.subdivisions_aliases),
        categories=tuple(known.supported_categories),
        default_category=known.default_category,
        weekend=frozenset(known.weekend),
        first_year=known.start_year,
        last_year=known.end_year,
    )


def find_days(
    entity: Entity, *, subdivision: str | None, categories: Collection[str], years: Iterable[int]
) -> Days:
    """The days of an entity in these years; half days only if they are among ``categories``."""
    years = set(years)
    # A year's first holiday may be observed on the last day of the year before.
    around = {year + step for year in years for step in (-1, 0, 1)}
    full = [category for category in categories if category != HALF_DAY]
    closed = _read(entity, subdivision, full, around) if full else {}
    half = _read(entity, subdivision, [HALF_DAY], around) if HALF_DAY in categories else {}
    made_up = getattr(closed, "weekend_workdays", ())
    return Days(
        closed={day: name for day, name in closed.items() if day.year in years},
        half={day: name for day, name in half.items() if day.year in years},
        made_up=frozenset(day for day in made_up if day.year in years),
    )


def _read(
    entity: Entity, subdivision: str | None, categories: list[str], years: set[int]
) -> dict[date, str]:
    """Ask the library; it must not add years by itself, or an unknown one has no holidays."""
    make: Any = getattr(holidays, entity.code)
    with warnings.catch_warnings():
        # Years that a country has only estimates for, and old names of subdivisions.
        warnings.simplefilter("ignore")
        found: dict[date, str] = make(
            subdiv=subdivision,
            years=sorted(years),
            expand=False,
            categories=tuple(categories),
            language=_LANGUAGE,
        )
    return found
