"""``manage.py calendars``: business calendars, their days, and what a change of them moves."""

from argparse import SUPPRESS, ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Group, RenderableType
from rich.text import Text

from audit.command import PlatformCommand, command_actor
from core.clock import database_now
from core.program import PROGRAM
from executions.lookup import find_calendar
from executions.management import calendar_shown as shown
from executions.management.calendar_options import add_calendar_options, read_calendar_fields
from jobs.calendars.changing import change_calendar, create_calendar, refresh_calendar
from jobs.calendars.drafting import CalendarChange, preview_calendar, preview_change
from jobs.models import HolidayCalendar


class Command(PlatformCommand):
    """Lists them unless told to do something. What changes one can be looked at with --dry-run."""

    help = "List business calendars, show their days, create, change and refresh them."
    examples = (
        "calendars",
        "calendars show England --year 2027",
        "calendars create England --country GB --subdivision ENG",
        "calendars create Settlement --market XNYS --market XLON",
        'calendars add-holiday England 2027-05-17 "Extra bank holiday" --dry-run',
        "calendars extend England --to 2035",
        "calendars refresh --all --dry-run",
    )
    has_json = True

    def add_arguments(self, parser: CommandParser) -> None:
        """Define what can be done."""
        acts = parser.add_subparsers(dest="act", metavar="ACT")
        show = _act(acts, "show", "show the days that are not as their weekday says")
        show.add_argument("--year", type=int, help="only these days (default: all years)")
        add_calendar_options(_act(acts, "create", "make a calendar", is_change=True))
        for name, what in (("add-holiday", "close a day"), ("add-workday", "open a day")):
            act = _act(acts, name, what, is_change=True)
            act.add_argument("date", type=_date, help="such as 2027-05-17")
            act.add_argument("title", help="what the day is")
        extend = _act(acts, "extend", "cover more years", is_change=True)
        extend.add_argument("--to", type=int, required=True, metavar="YEAR", help="last year")
        refresh = _act(
            acts, "refresh", "take over what a newer library says", is_change=True, is_named=False
        )
        refresh.add_argument("name", nargs="?", help="name or id of one calendar")
        refresh.add_argument("--all", action="store_true", help="all that are not archived")

    def run(self, options: dict[str, Any]) -> None:
        """Do what is asked for."""
        match options["act"]:
            case None:
                self._list(options)
            case "show":
                self._show(options)
            case "create":
                self._create(options)
            case "refresh":
                self._refresh(options)
            case act:
                calendar = find_calendar(options["name"])
                change = self._change(calendar, _fields_of(act, calendar, options), options)
                self._tell(options, [change])

    def _list(self, options: dict[str, Any]) -> None:
        listed = shown.list_calendars(now=database_now())
        self.answer(
            options,
            document=lambda: shown.list_json(listed),
            shown=lambda: shown.list_table(listed),
        )
        for one in listed:
            if one.state != "ok":
                name, last = one.calendar.name, one.calendar.last_year
                how = f"`{PROGRAM} calendars extend {name!r} --to {last + 5}`"
                self.aside.print(f"{name} has days up to {last} only: extend it with {how}.")

    def _show(self, options: dict[str, Any]) -> None:
        calendar, year = find_calendar(options["name"]), options["year"]
        version = calendar.versions.get(number=calendar.version)
        if year is not None and not version.first_year <= year <= version.last_year:
            raise CommandError(
                f"{calendar.name} has days from {version.first_year} to {version.last_year}, not"
                f" for {year}. Extend it first."
            )
        rows = [row for row in version.days if year in (None, int(row["date"][:4]))]
        self.answer(
            options,
            document=lambda: shown.days_json(version, rows),
            shown=lambda: shown.days_shown(version, rows),
        )

    def _create(self, options: dict[str, Any]) -> None:
        fields = read_calendar_fields(options)
        change = preview_calendar(fields, now=database_now())
        if not options["dry_run"]:
            calendar = create_calendar(actor=command_actor(), fields=read_calendar_fields(options))
            change = CalendarChange(calendar, change.days, change.schedules)
        self._tell(options, [change])

    def _refresh(self, options: dict[str, Any]) -> None:
        if (options["name"] is None) == (not options["all"]):
            raise CommandError("Say which calendar to refresh, or --all.")
        calendars = (
            list(HolidayCalendar.objects.unarchived().order_by("name"))
            if options["all"]
            else [find_calendar(options["name"])]
        )
        self._tell(options, [self._change(calendar, {}, options) for calendar in calendars])

    def _change(
        self, calendar: HolidayCalendar, fields: dict[str, Any], options: dict[str, Any]
    ) -> CalendarChange:
        """Say what it moves, and unless that is all that was asked for, do it."""
        change = preview_change(calendar, fields, now=database_now())
        if options["dry_run"]:
            return change
        actor = command_actor()
        if fields:
            saved = change_calendar(actor=actor, calendar=calendar, fields=fields)
        else:
            saved = refresh_calendar(actor=actor, calendar=calendar)
        return CalendarChange(saved, change.days, change.schedules)

    def _tell(self, options: dict[str, Any], changes: list[CalendarChange]) -> None:
        is_saved, is_many = not options["dry_run"], options["act"] == "refresh"

        def document() -> Any:
            documents = [shown.change_json(change, is_saved=is_saved) for change in changes]
            return documents if is_many else documents[0]

        def table() -> RenderableType:
            parts = [shown.change_shown(change, is_saved=is_saved) for change in changes]
            return Group(*parts) if parts else Text("There is no calendar.")

        self.answer(options, document=document, shown=table)


def _act(
    acts: Any, name: str, what: str, *, is_change: bool = False, is_named: bool = True
) -> CommandParser:
    parser: CommandParser = acts.add_parser(name, help=what, description=what.capitalize() + ".")
    if is_named:
        parser.add_argument("name", help="of the calendar" if name == "create" else "name or id")
    # Without a default of its own, so that --json may stand before the act as well.
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="print one document")
    if is_change:
        parser.add_argument("--dry-run", action="store_true", help="show what moves, save nothing")
    return parser


def _fields_of(act: str, calendar: HolidayCalendar, options: dict[str, Any]) -> dict[str, Any]:
    """The fields that an act changes."""
    if act == "extend":
        if options["to"] <= calendar.last_year:
            raise CommandError(
                f"{calendar.name} has days up to {calendar.last_year} already; give a later year."
            )
        return {"last_year": options["to"]}
    name = "extra_holidays" if act == "add-holiday" else "extra_workdays"
    day = {"date": options["date"].isoformat(), "name": options["title"]}
    return {name: [*getattr(calendar, name), day]}


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date; write such as 2027-05-17") from None
