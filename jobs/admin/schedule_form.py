"""The form of a schedule: the fields of every kind, of which each kind shows its own."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db.models import Q
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from audit.admin_forms import ServiceForm
from core.admin_fields import BitsField, JsonObjectTextField
from jobs.admin.schedule_fields import POLICY_FIELDS, SCHEDULE_FIELDS
from jobs.admin.schedule_kinds import KIND_FIELDS, KINDS, WAYS, fields_of_choice, ways_of
from jobs.admin.schedule_words import CHOICES, HELP_TEXTS, LABELS
from jobs.models import (
    ExclusionScope,
    ExclusionWindow,
    HolidayCalendar,
    JobSchedule,
    OnDays,
    Roll,
    ScheduleType,
    Weekday,
)
from jobs.schedules.zone import zone_names
from jobs.scheduling import change_schedule, create_schedule

if TYPE_CHECKING:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[ExclusionWindow]
else:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField

MONDAY_FIRST = (*Weekday.choices[1:], Weekday.choices[0])
_CONDITION_HELP = (
    "A JSON object, checks under all, any or not, such as"
    ' {"all": [{"previous": {"outcome": ["succeeded"]}}, {"environment": ["PROD"]}]}.'
)


class TimeZoneWidget(UnfoldAdminTextInputWidget):
    """A text field that offers every name of a zone."""

    template_name = "jobs/admin/time_zone.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"]["attrs"] |= {"list": f"{name}-names", "autocomplete": "off"}
        return context | {"zones": sorted(zone_names())}


class WindowsField(ModelMultipleChoiceField):
    """Exclusion windows to tick; cleaned to the list of their ids."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def clean(self, value: Any) -> list[UUID]:  # type: ignore[override]
        return [window.pk for window in super().clean(value)]


class _WayField(forms.ChoiceField):
    """Says which fields of a kind are meant; where it is not sent, those that are."""

    widget = UnfoldAdminSelectWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class ScheduleForm(ServiceForm):
    """Creates or changes a schedule; its job stays."""

    schedule_type = forms.ChoiceField(
        choices=KINDS, initial=ScheduleType.DAILY, label="Kind", widget=UnfoldAdminSelectWidget
    )
    monthly_by = _WayField(choices=WAYS["monthly_by"], label="Which day")
    business_by = _WayField(choices=WAYS["business_by"], label="Which days")
    look_by = _WayField(choices=WAYS["look_by"], label="It is looked at")
    adjust_to_previous_business_day = forms.BooleanField(
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        label=LABELS["adjust_to_previous_business_day"],
        help_text=HELP_TEXTS["adjust_to_previous_business_day"],
    )
    days_of_week = BitsField(choices=MONDAY_FIRST, required=False, empty_value=None)
    nth_weekday = forms.TypedChoiceField(
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
        label=LABELS["nth_weekday"],
        help_text=HELP_TEXTS["nth_weekday"],
    )
    calendar = forms.ModelChoiceField(
        HolidayCalendar.objects.none(),
        required=False,
        empty_label="None: Saturday and Sunday are closed, there are no holidays",
        widget=UnfoldAdminSelectWidget,
        help_text=HELP_TEXTS["calendar"],
    )
    exclusions = WindowsField(
        ExclusionWindow.objects.filter(
            scope=ExclusionScope.SCHEDULE, archived_at__isnull=True
        ).order_by("name"),
        required=False,
        label=LABELS["exclusions"],
        help_text=HELP_TEXTS["exclusions"],
    )
    conditions = JsonObjectTextField(required=False, empty=None, help_text=_CONDITION_HELP)
    parameters = JsonObjectTextField(
        required=False,
        empty={},
        help_text='A JSON object that the handler gets, such as {"region": "EU"}.',
    )

    class Meta:
        model = JobSchedule
        fields = ("job", *SCHEDULE_FIELDS)
        widgets = {
            "timezone": TimeZoneWidget,
            "conditional_expression": UnfoldAdminExpandableTextareaWidget,
        }
        labels = LABELS
        help_texts = {**dict.fromkeys(CHOICES, ""), **HELP_TEXTS}

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(_of_one_kind(data) if data else data, *args, **kwargs)
        for name in {*CHOICES, *POLICY_FIELDS} & self.fields.keys():
            self.fields[name].required = False
        for name, words in CHOICES.items():
            if name in self.fields:
                self.fields[name].choices = list(words.items())  # type: ignore[attr-defined]
        if "calendar" in self.fields:
            usable = Q(archived_at__isnull=True) | Q(pk=self.instance.calendar_id)
            calendars = HolidayCalendar.objects.filter(usable).order_by("name")
            self.fields["calendar"].queryset = calendars  # type: ignore[attr-defined]
        self.initial.update(ways_of(self.instance))
        # Cleaning writes into the instance.
        self._rolls_by_contract = bool(
            self.instance.adjust_to_previous_business_day
            and self.instance.business_day_of_month is None
        )
        if self._rolls_by_contract and not self.instance.roll:
            self.initial["roll"] = Roll.PRECEDING

    def values(self) -> dict[str, Any]:
        """The cleaned values as the services take them; what has a default and is empty has it."""
        values = {name: self.cleaned_data.get(name) for name in SCHEDULE_FIELDS}
        defaults = {f.name: f.get_default() for f in JobSchedule._meta.concrete_fields}
        for name in POLICY_FIELDS:
            if values[name] in (None, ""):
                values[name] = defaults[name]
        on_days = self.cleaned_data.get("business_by")
        if values["schedule_type"] == ScheduleType.MONTHLY_BUSINESS_DAY and on_days in OnDays:
            values["on_days"] = on_days
        else:
            values["on_days"] = None
        return values | self._roll(values)

    def _roll(self, values: dict[str, Any]) -> dict[str, Any]:
        """Keep the contract's own word for rolling back where it was used and still holds."""
        if values["business_day_of_month"] is not None:
            is_adjusted = values["adjust_to_previous_business_day"] or None
            return {"adjust_to_previous_business_day": is_adjusted}
        is_kept = values["roll"] == Roll.PRECEDING and self._rolls_by_contract
        return {
            "roll": None if is_kept else values["roll"],
            "adjust_to_previous_business_day": True if is_kept else None,
        }

    def write(self) -> JobSchedule:
        values = self.values()
        if self.instance._state.adding:
            values["job"] = self.cleaned_data["job"]
            return create_schedule(actor=self.actor, fields=values)
        return change_schedule(actor=self.actor, schedule=self.instance, fields=values)


def _of_one_kind(data: Any) -> Any:
    """Leave out what was typed for another kind: it is hidden by now, and so would be an error."""
    kept = data.copy()
    for name in set(KIND_FIELDS) - fields_of_choice(data):
        for key in (name, f"{name}_0", f"{name}_1"):
            kept.pop(key, None)
    return kept
