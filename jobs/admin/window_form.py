"""The form of an exclusion window: which of its four forms, and what that takes."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminSelectWidget,
)

from audit.admin_forms import ServiceForm
from core.admin_fields import BitsField
from jobs.admin.schedule_form import MONDAY_FIRST, TimeZoneWidget
from jobs.models import ExclusionScope, ExclusionWindow, HolidayCalendar, OnExcluded
from jobs.windows import change_window, create_window

FIELDS_OF_FORM = {
    "recurring": ("from_time", "until_time", "days_of_week", "timezone"),
    "dates": ("first_date", "last_date", "timezone"),
    "instants": ("starts_at", "ends_at"),
    "calendar": ("calendar", "timezone"),
}
_FORM_FIELDS = tuple(dict.fromkeys(n for names in FIELDS_OF_FORM.values() for n in names))
WINDOW_FIELDS = ("name", "description", "scope", "team_name", "on_excluded", *_FORM_FIELDS)
_FORMS = (
    ("recurring", "Times of day, each week again"),
    ("dates", "Whole days, from one date to another"),
    ("instants", "Once, between two instants"),
    ("calendar", "The days that a calendar closes"),
)
CHOICES: dict[str, Any] = {
    "scope": {
        ExclusionScope.SCHEDULE: "The schedules that name it",
        ExclusionScope.TEAM: "All jobs of one team",
        ExclusionScope.GLOBAL: "All schedules",
    },
    "on_excluded": {
        OnExcluded.SKIP: "Is skipped",
        OnExcluded.DEFER: "Waits, and runs once at the end of the window",
    },
}


def conditional_fields() -> dict[str, str]:
    """Return for each field that does not always show the script expression of when it does."""
    shown = {name: _shown_when(name) for name in _FORM_FIELDS}
    return shown | {"team_name": "typeof scope === 'undefined' || scope === 'team'"}


def _shown_when(field: str) -> str:
    forms_of = [f"'{form}'" for form, names in FIELDS_OF_FORM.items() if field in names]
    return f"typeof form === 'undefined' || [{', '.join(forms_of)}].includes(form)"


class WindowForm(ServiceForm):
    """Creates or changes an exclusion window."""

    form = forms.ChoiceField(
        choices=_FORMS, initial="recurring", label="Excluded", widget=UnfoldAdminSelectWidget
    )
    days_of_week = BitsField(
        choices=MONDAY_FIRST, required=False, empty_value=None, help_text="None ticked: every day."
    )
    calendar = forms.ModelChoiceField(
        HolidayCalendar.objects.unarchived().order_by("name"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Excluded are all of its days that are no business days.",
    )

    class Meta:
        model = ExclusionWindow
        fields = WINDOW_FIELDS
        labels = {
            "scope": "Holds for",
            "team_name": "Team",
            "on_excluded": "A slot in it",
            "starts_at": "From (UTC)",
            "ends_at": "Until (UTC)",
            "first_date": "First day",
            "last_date": "Last day",
            "from_time": "From",
            "until_time": "Until",
            "timezone": "Time zone",
        }
        help_texts = {
            "team_name": "As jobs have it.",
            "ends_at": "Not itself excluded.",
            "last_date": "Excluded as well.",
            "until_time": "Not itself excluded. Earlier than From: on the next day.",
            "timezone": "Empty: by the clock of each schedule.",
        }
        widgets = {
            "description": UnfoldAdminExpandableTextareaWidget,
            "timezone": TimeZoneWidget,
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_of_one_form(data) if data else data, *args, **kwargs)
        for name, words in CHOICES.items():
            if name in self.fields:
                self.fields[name].choices = list(words.items())  # type: ignore[attr-defined]
        self.initial["form"] = _form_of(self.instance)

    def write(self) -> ExclusionWindow:
        values = {name: self.cleaned_data.get(name) for name in WINDOW_FIELDS}
        if values["scope"] != ExclusionScope.TEAM:
            values["team_name"] = ""
        if self.instance._state.adding:
            return create_window(actor=self.actor, fields=values)
        return change_window(actor=self.actor, window=self.instance, fields=values)


def _form_of(window: ExclusionWindow) -> str:
    if window.calendar_id:
        return "calendar"
    if window.starts_at:
        return "instants"
    return "dates" if window.first_date else "recurring"


def _of_one_form(data: Any) -> Any:
    """Leave out what was typed for another form: it is hidden by now, and so would be an error."""
    kept = data.copy()
    for name in set(_FORM_FIELDS) - set(FIELDS_OF_FORM.get(data.get("form"), _FORM_FIELDS)):
        for key in (name, f"{name}_0", f"{name}_1"):
            kept.pop(key, None)
    return kept
