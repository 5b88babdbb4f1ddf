"""The form of a job, with its owner."""

from typing import Any

from django import forms
from django.db import transaction

from audit.admin_forms import ServiceForm
from jobs.definitions import change_job, create_job
from jobs.models import Environment, JobDefinition, JobOwnership
from jobs.ownership import OWNERSHIP_FIELDS, change_ownership

JOB_FIELDS = (
    "name",
    "description",
    "category",
    "execution_mode",
    "execution_type_name",
    "queue",
    "priority",
    "timeout_seconds",
    "expected_duration_seconds",
    "max_concurrent_executions",
    "max_retries",
    "retry_strategy",
    "base_delay_seconds",
    "max_delay_seconds",
    "allowed_environments",
    "allow_manual_trigger",
    "parameter_schema",
)


class EnvironmentsField(forms.TypedMultipleChoiceField):
    """Boxes to tick for the bits of one number."""

    widget = forms.CheckboxSelectMultiple

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return [choice.value for choice in Environment if value & choice]
        return value

    def clean(self, value: Any) -> int:
        return sum(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class JobForm(ServiceForm):
    """Creates or changes a job; a change of what runs makes a new version."""

    allowed_environments = EnvironmentsField(choices=Environment.choices, coerce=int, initial=7)
    owner_name = forms.CharField(max_length=200, required=False)
    owner_email = forms.EmailField(required=False)
    team_name = forms.CharField(max_length=200, required=False)
    team_channel = forms.CharField(max_length=200, required=False)
    escalation_email = forms.EmailField(required=False)

    class Meta:
        model = JobDefinition
        fields = JOB_FIELDS
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = JobOwnership.objects.filter(job_id=self.instance.pk).first()
        for name in OWNERSHIP_FIELDS:
            if owner is not None and name in self.fields:
                self.fields[name].initial = getattr(owner, name)

    def write(self) -> JobDefinition:
        values = {name: self.cleaned_data[name] for name in JOB_FIELDS}
        owner = {name: self.cleaned_data[name] for name in OWNERSHIP_FIELDS}
        if self.instance._state.adding:
            return create_job(actor=self.actor, fields=values, ownership=owner)
        with transaction.atomic():
            job = change_job(actor=self.actor, job=self.instance, fields=values)
            change_ownership(actor=self.actor, job=job, fields=owner)
        return job
