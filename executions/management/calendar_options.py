"""What a calendar is made of, as people write it behind ``calendars create``."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.models import Combine, HalfDay


def add_calendar_options(parser: CommandParser) -> None:
    """Add what a new calendar is made of."""
    _add_list(parser, "--country", "CODE", "ISO 3166, such as GB")
    parser.add_argument("--subdivision", metavar="CODE", help="of the country, such as ENG")
    _add_list(parser, "--category", "NAME", "of its holidays, such as public")
    _add_list(parser, "--market", "CODE", "ISO 10383, such as XNYS")
    parser.add_argument("--combine", choices=Combine.values, help="closed if any is, or all")
    parser.add_argument("--half-days", choices=HalfDay.values, help="what half days are")
    parser.add_argument("--closes-at", metavar="TIME", help="of half days as early_close")
    parser.add_argument("--from", dest="first_year", type=int, metavar="YEAR")
    parser.add_argument("--to", dest="last_year", type=int, metavar="YEAR")
    parser.add_argument("--description")


def read_calendar_fields(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a calendar; what was not given is left out."""
    if options["subdivision"] and len(options["country"]) != 1:
        raise CommandError("--subdivision goes with one --country.")
    if options["category"] and len(options["country"]) + len(options["market"]) != 1:
        raise CommandError("--category goes with one --country or one --market.")
    more = {"subdivision": options["subdivision"], "categories": options["category"]}
    sources = [{"country": code, **more} for code in options["country"]]
    sources += [{"market": code, "categories": options["category"]} for code in options["market"]]
    given = {
        "combine": options["combine"],
        "half_days": options["half_days"],
        "half_day_closes_at": options["closes_at"],
        "first_year": options["first_year"],
        "last_year": options["last_year"],
        "description": options["description"],
    }
    given = {name: value for name, value in given.items() if value is not None}
    return {"name": options["name"], "sources": sources, **given}


def _add_list(parser: CommandParser, name: str, metavar: str, what: str) -> None:
    parser.add_argument(
        name, action="append", default=[], metavar=metavar, help=f"{what}; may be repeated"
    )
