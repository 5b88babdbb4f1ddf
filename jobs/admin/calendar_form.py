"""The form of a holiday calendar, and what saving it would do."""

from copy import copy
from typing import Any

from django import forms
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminExpandableTextareaWidget

from audit.admin_forms import ServiceForm
from core.admin_fields import BitsField, JsonTextField
from core.clock import database_now
from jobs.admin.calendar_change import show_change
from jobs.admin.schedule_form import MONDAY_FIRST
from jobs.calendars.changing import change_calendar, create_calendar
from jobs.calendars.drafting import preview_calendar, preview_change
from jobs.models import Combine, HalfDay, HolidayCalendar

CALENDAR_FIELDS = (
    *("name", "description", "sources", "combine", "weekend", "extra_holidays", "extra_workdays"),
    *("half_days", "half_day_closes_at", "first_year", "last_year"),
)
_FILLED_IN = ("weekend", "first_year", "last_year")
CHOICES: dict[str, Any] = {
    "combine": {
        Combine.UNION: "Closed if any of them is closed",
        Combine.INTERSECTION: "Closed only if all of them are",
    },
    "half_days": {
        HalfDay.BUSINESS: "Business days like others",
        HalfDay.HOLIDAY: "Holidays",
        HalfDay.EARLY_CLOSE: "Business days that close early",
    },
}


class DaysField(forms.CharField):
    """Dates with names, one a line, such as "2026-12-24 Christmas Eve"."""

    widget = UnfoldAdminExpandableTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{day['date']} {day['name']}" for day in value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        lines = (line.split(maxsplit=1) for line in super().clean(value).splitlines())
        return [{"date": line[0], "name": " ".join(line[1:])} for line in lines if line]


class CalendarForm(ServiceForm):
    """Creates or changes a calendar."""

    sources = JsonTextField(
        required=False,
        help_text="A JSON list of countries and markets, such as"
        ' [{"country": "GB", "subdivision": "ENG"}, {"market": "XNYS"}]; a country may have'
        ' "categories": ["public", "bank"].',
    )
    weekend = BitsField(
        choices=MONDAY_FIRST,
        required=False,
        empty_value=0,
        help_text="In a new calendar none ticked means: that of its sources.",
    )
    extra_holidays = DaysField(
        required=False, help_text="One a line: 2026-12-24 Christmas Eve. Closed, whatever else."
    )
    extra_workdays = DaysField(
        required=False, help_text="One a line. Worked, whatever else: this holds over all others."
    )

    class Meta:
        model = HolidayCalendar
        fields = CALENDAR_FIELDS
        labels = {
            "combine": "With several sources",
            "half_days": "Half days are",
            "half_day_closes_at": "They close at",
            "first_year": "First year",
            "last_year": "Last year",
        }
        help_texts = {
            "name": "Schedules name it.",
            "last_year": "After it nothing is known: schedules stop there, with a warning before."
            " In a new calendar both years may be left empty.",
        }
        widgets = {"description": UnfoldAdminExpandableTextareaWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in CHOICES.items():
            if name in self.fields:
                self.fields[name].choices = list(words.items())  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.initial.pop("weekend", None)
            for name in {"first_year", "last_year"} & self.fields.keys():
                self.fields[name].required = False

    def values(self) -> dict[str, Any]:
        """The cleaned values as the services take them."""
        values = {name: self.cleaned_data[name] for name in CALENDAR_FIELDS}
        values["sources"] = values["sources"] or []
        if not self.instance._state.adding:
            return values
        return {n: v for n, v in values.items() if v or n not in _FILLED_IN}

    def write(self) -> HolidayCalendar:
        if self.instance._state.adding:
            return create_calendar(actor=self.actor, fields=self.values())
        return change_calendar(actor=self.actor, calendar=self.instance, fields=self.values())


class CalendarPreviewForm(CalendarForm):
    """Judges the form as it stands, says what saving it would do, and writes nothing."""

    panel: SafeString

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saved = copy(self.instance)  # cleaning writes into the instance

    def write(self) -> HolidayCalendar:
        now, is_new = database_now(), self.instance._state.adding
        if is_new:
            change = preview_calendar(self.values(), now=now)
        else:
            change = preview_change(self.saved, self.values(), now=now)
        self.panel = show_change(change, is_new=is_new)
        return change.calendar
