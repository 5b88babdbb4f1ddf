"""The form of a schedule: the fields of every kind, of which each kind shows its own."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from audit.admin_forms import ServiceForm
from core.admin_fields import BitsField, JsonObjectTextField
from jobs.models import JobSchedule, ScheduleType, Weekday
from jobs.schedules import FIELDS_OF_KIND
from jobs.schedules.zone import zone_names
from jobs.scheduling import change_schedule, create_schedule

KIND_FIELDS = (
    *("one_time_at", "time_of_day", "days_of_week", "day_of_month"),
    *("cron_expression", "interval_seconds", "delay_seconds"),
)
SCHEDULE_FIELDS = (
    *("schedule_type", *KIND_FIELDS, "timezone"),
    *("start_at", "end_at", "is_active", "parameters"),
)
# In the order in which people need them.
_KINDS = (
    (ScheduleType.DAILY, "Every day"),
    (ScheduleType.WEEKLY, "On days of the week"),
    (ScheduleType.MONTHLY, "On a day of the month"),
    (ScheduleType.INTERVAL, "At an interval"),
    (ScheduleType.CRON, "By a cron expression"),
    (ScheduleType.ONE_TIME, "Once, at a time"),
    (ScheduleType.DELAY, "Once, after a delay"),
)
_MONDAY_FIRST = (*Weekday.choices[1:], Weekday.choices[0])


def shown_when(field: str) -> str:
    """Return the script expression that says whether the chosen kind has this field.

    Where nothing can be changed there is no choice to look at, and all fields of the page show.
    """
    kinds = [f"'{kind}'" for kind, fields in FIELDS_OF_KIND.items() if field in fields]
    chosen = f"[{', '.join(kinds)}].includes(schedule_type)"
    return f"typeof schedule_type === 'undefined' || {chosen}"


class TimeZoneWidget(UnfoldAdminTextInputWidget):
    """A text field that offers every name of a zone."""

    template_name = "jobs/admin/time_zone.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"] |= {"list": f"{name}-names", "autocomplete": "off"}
        return context | {"zones": sorted(zone_names())}


class ScheduleForm(ServiceForm):
    """Creates or changes a schedule; its job stays."""

    schedule_type = forms.ChoiceField(
        choices=_KINDS, initial=ScheduleType.DAILY, label="Kind", widget=UnfoldAdminSelectWidget
    )
    days_of_week = BitsField(choices=_MONDAY_FIRST, required=False, empty_value=None)
    parameters = JsonObjectTextField(
        required=False,
        empty={},
        help_text='A JSON object that the handler gets, such as {"region": "EU"}.',
    )

    class Meta:
        model = JobSchedule
        fields = ("job", *SCHEDULE_FIELDS)
        widgets = {"timezone": TimeZoneWidget}
        labels = {
            "one_time_at": "At (UTC)",
            "interval_seconds": "Every (seconds)",
            "delay_seconds": "After (seconds)",
            "timezone": "Time zone",
            "start_at": "Not before (UTC)",
            "end_at": "Not after (UTC)",
            "is_active": "Active",
        }
        help_texts = {
            "time_of_day": "By the clock of the time zone below.",
            "day_of_month": "1 to 31; a shorter month fires on its last day.",
            "cron_expression": "Minute, hour, day of the month, month, day of the week;"
            " with seconds in front if there are six.",
            "interval_seconds": "Counted from when the schedule was made.",
            "delay_seconds": "Once, so long after the schedule was made.",
            "start_at": "Empty: from now on.",
            "end_at": "Empty: for ever.",
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_of_one_kind(data) if data else data, *args, **kwargs)

    def write(self) -> JobSchedule:
        values = {name: self.cleaned_data[name] for name in SCHEDULE_FIELDS}
        if self.instance._state.adding:
            values["job"] = self.cleaned_data["job"]
            return create_schedule(actor=self.actor, fields=values)
        return change_schedule(actor=self.actor, schedule=self.instance, fields=values)


def _of_one_kind(data: Any) -> Any:
    """Leave out what was typed for another kind: it is hidden by now, and so would be an error."""
    own = FIELDS_OF_KIND.get(data.get("schedule_type"), KIND_FIELDS)
    kept = data.copy()
    for name in set(KIND_FIELDS) - set(own):
        for key in (name, f"{name}_0", f"{name}_1"):
            kept.pop(key, None)
    return kept
