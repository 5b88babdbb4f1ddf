"""The form of a job, with its owner."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from audit.admin_forms import ServiceForm
from core.admin_fields import BitsField, JsonObjectTextField
from jobs.definitions import change_job, create_job
from jobs.models import Environment, ExecutionMode, JobDefinition, JobOwnership
from jobs.ownership import OWNERSHIP_FIELDS

JOB_FIELDS = (
    *("name", "description", "category"),
    *("execution_mode", "execution_type_name", "execution_command", "queue", "priority"),
    *("timeout_seconds", "expected_duration_seconds", "max_concurrent_executions"),
    *("max_retries", "retry_strategy", "base_delay_seconds", "max_delay_seconds"),
    *("allowed_environments", "allow_manual_trigger", "parameter_schema"),
    *("keep_days", "keep_executions"),
)
FIELD_OF_MODE = {
    ExecutionMode.IN_PROCESS: "execution_type_name",
    ExecutionMode.OUT_OF_PROCESS: "execution_command",
}
_MODES = (
    (ExecutionMode.IN_PROCESS, "In process: a Python handler of the worker"),
    (ExecutionMode.OUT_OF_PROCESS, "Out of process: a command, started by the worker"),
)


def shown_when(mode: ExecutionMode) -> str:
    """Return the script expression that says whether this mode is chosen, if one can choose."""
    return f"typeof execution_mode === 'undefined' || execution_mode === '{mode.value}'"


class OwnerTextField(forms.CharField):
    """A line of text about the owner."""

    widget = UnfoldAdminTextInputWidget


class OwnerEmailField(forms.EmailField):
    """An address of the owner."""

    widget = UnfoldAdminEmailInputWidget


class JobForm(ServiceForm):
    """Creates or changes a job; a change of what runs makes a new version."""

    allowed_environments = BitsField(choices=Environment.choices, initial=7, label="Runs in")
    parameter_schema = JsonObjectTextField(
        required=False, label="Schema", help_text="A JSON Schema. Run now makes its form from it."
    )
    owner_name = OwnerTextField(max_length=200, required=False)
    owner_email = OwnerEmailField(required=False)
    team_name = OwnerTextField(max_length=200, required=False)
    team_channel = OwnerTextField(max_length=200, required=False)
    escalation_email = OwnerEmailField(required=False)

    class Meta:
        model = JobDefinition
        fields = JOB_FIELDS
        widgets = {
            "description": UnfoldAdminExpandableTextareaWidget,
            "execution_command": UnfoldAdminExpandableTextareaWidget,
        }
        labels = {
            "execution_mode": "Runs",
            "execution_type_name": "Handler",
            "execution_command": "Command",
            "timeout_seconds": "Timeout (seconds)",
            "expected_duration_seconds": "Expected duration (seconds)",
            "max_concurrent_executions": "At most at once",
            "max_retries": "Retries at most",
            "base_delay_seconds": "First wait (seconds)",
            "max_delay_seconds": "Longest wait (seconds)",
            "allow_manual_trigger": "May be run by hand",
            "keep_days": "Keep for (days)",
            "keep_executions": "Keep at most",
        }
        help_texts = {
            "execution_type_name": "The name it is registered by, such as"
            " SalesReports.DailyReportJob.",
            "execution_command": "Program and arguments, split as a shell would; no shell runs it."
            " Its program must be allowed by SCHEDULER_ALLOWED_COMMANDS.",
            "expected_duration_seconds": "What takes longer is shown as slow; nothing is stopped.",
            "max_retries": "0 to 10 further attempts after one that failed.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mode := self.fields.get("execution_mode"):
            mode.choices = _MODES  # type: ignore[attr-defined]
        owner = JobOwnership.objects.filter(job_id=self.instance.pk).first()
        for name in OWNERSHIP_FIELDS:
            if owner is not None and name in self.fields:
                self.fields[name].initial = getattr(owner, name)

    def write(self) -> JobDefinition:
        values = {name: self.cleaned_data[name] for name in JOB_FIELDS}
        for mode, field in FIELD_OF_MODE.items():
            if mode != values["execution_mode"]:
                values[field] = ""  # what was typed for the other mode is hidden by now
        owner = {name: self.cleaned_data[name] for name in OWNERSHIP_FIELDS}
        if self.instance._state.adding:
            return create_job(actor=self.actor, fields=values, ownership=owner)
        return change_job(actor=self.actor, job=self.instance, fields=values, ownership=owner)
