"""The sources of a calendar: countries and markets, as people write them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from core.errors import FieldProblem
from jobs.calendars.library import (
    HALF_DAY,
    Entity,
    country_codes,
    country_names,
    load_entity,
    market_codes,
)

MOST_SOURCES = 20
_FORM = '{"country": "GB", "subdivision": "ENG"} or {"market": "XNYS"}'
_KEYS = ("country", "market", "subdivision", "categories")
_SHOWN = 60  # characters of a foreign name


@dataclass(frozen=True)
class Source:
    """One country, with its subdivision if any, or one market; and which categories of its days.

    Without categories it is the usual ones, and half days where it has them.
    """

    entity: Entity
    is_market: bool
    subdivision: str | None = None
    categories: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Such as GB-ENG, XNYS or DE-BY (catholic)."""
        code = "-".join(filter(None, [self.entity.code, self.subdivision]))
        return f"{code} ({', '.join(self.categories)})" if self.categories else code

    @property
    def all_categories(self) -> tuple[str, ...]:
        """The categories to ask the library for."""
        half = (HALF_DAY,) if HALF_DAY in self.entity.categories else ()
        return self.categories or (self.entity.default_category, *half)

    def written(self) -> dict[str, Any]:
        """The source as a calendar keeps it."""
        return {
            ("market" if self.is_market else "country"): self.entity.code,
            **({"subdivision": self.subdivision} if self.subdivision else {}),
            **({"categories": list(self.categories)} if self.categories else {}),
        }


class _NoSource(ValueError):
    """What is wrong with one source: a stable code, and a sentence."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def read_sources(written: Any) -> tuple[list[Source], list[FieldProblem]]:
    """The sources that are sound, and what is wrong with the others, each by its index."""
    if not isinstance(written, list):
        return [], [FieldProblem("sources", "not_a_list", f"Send a list, such as [{_FORM}].")]
    if len(written) > MOST_SOURCES:
        detail = f"{len(written)} sources are too many; give at most {MOST_SOURCES}."
        return [], [FieldProblem("sources", "too_many", detail)]
    sources: list[Source] = []
    problems = []
    for index, one in enumerate(written):
        try:
            source = _read(one)
            if source in sources:
                raise _NoSource("repeated", f"{source.label} is there already; leave it out.")
            sources.append(source)
        except _NoSource as error:
            problems.append(FieldProblem("sources", error.code, f"[{index}]: {error}"))
    return sources, problems


def _read(written: Any) -> Source:
    if not isinstance(written, dict):
        raise _NoSource("not_an_object", f"Send an object, such as {_FORM}.")
    given = {name: value for name, value in written.items() if value not in (None, "", [])}
    for name in given:
        if name not in _KEYS:
            shown = repr(name)[:_SHOWN]
            raise _NoSource("unknown_field", f"There is no {shown}; use {', '.join(_KEYS)}.")
    if ("country" in given) == ("market" in given):
        what = "both a country and a market" if "country" in given else "no country and no market"
        raise _NoSource("country_or_market", f"It has {what}; give one, such as {_FORM}.")
    is_market = "market" in given
    entity = _market(given["market"]) if is_market else _country(given["country"])
    return Source(
        entity=entity,
        is_market=is_market,
        subdivision=_subdivision(entity, given.get("subdivision")),
        categories=_categories(entity, given.get("categories", [])),
    )


def _country(given: Any) -> Entity:
    key = _text("country", given).upper()
    if code := country_codes().get(key) or country_names().get(key.lower()):
        return load_entity(code)
    named = {name: f"{code} ({name.title()})" for name, code in country_names().items()}
    coded = {code.lower(): code for code in country_codes().values()}
    raise _unknown("country", given, named | coded, example="a code of ISO 3166, such as GB")


def _market(given: Any) -> Entity:
    key = _text("market", given).upper()
    if key in market_codes():
        return load_entity(key)
    known = {code.lower(): code for code in market_codes()}
    raise _unknown("market", given, known, example="a code of ISO 10383, such as XNYS")


def _subdivision(entity: Entity, given: Any) -> str | None:
    if given is None:
        return None
    key = _text("subdivision", given).casefold()
    known = {name.casefold(): code for name, code in entity.subdivision_names.items()}
    known |= {code.casefold(): code for code in entity.subdivisions}
    if not known:
        detail = f"{entity.code} has no subdivisions; leave {given[:_SHOWN]!r} out."
        raise _NoSource("unknown_subdivision", detail)
    if key in known:
        return known[key]
    there_are = f"of {entity.code} there are {_some(sorted(set(known.values())))}"
    raise _unknown("subdivision", given, known, example=there_are)


def _categories(entity: Entity, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise _NoSource("not_a_list", 'categories: send a list of names, such as ["public"].')
    known = {name: name for name in entity.categories}
    for name in given:
        if _text("categories", name) not in known:
            there_are = f"{entity.code} has {', '.join(sorted(known))}"
            raise _unknown("category", name, known, example=there_are)
    return tuple(name for name in entity.categories if name in given)


def _text(what: str, given: Any) -> str:
    if not isinstance(given, str):
        raise _NoSource("not_a_text", f"{what}: {repr(given)[:_SHOWN]} is not a text.")
    return given.strip()


def _unknown(what: str, given: str, known: dict[str, str], *, example: str) -> _NoSource:
    """The refusal of a name, with the known ones that are nearest to it."""
    close = get_close_matches(given.strip().casefold(), known, n=3)
    near = " or ".join(dict.fromkeys(known[name] for name in close))
    advice = f"did you mean {near}?" if near else f"{example}."
    return _NoSource(f"unknown_{what}", f"There is no {what} {given[:_SHOWN]!r}; {advice}")


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
