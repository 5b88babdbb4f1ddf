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
from jobs.admin.job_modes import MODE_FIELDS, MODES, OPTIONS_HELP, fields_of_others
from jobs.definitions import change_job, create_job
from jobs.models import Environment, FailFast, JobDefinition, JobOwnership
from jobs.ownership import OWNERSHIP_FIELDS

JOB_FIELDS = (
    *("name", "description", "category"),
    *("execution_mode", *MODE_FIELDS, "queue", "priority"),
    *("timeout_seconds", "expected_duration_seconds"),
    *("max_concurrent_executions", "concurrency_key", "max_concurrent_per_key"),
    *("starts_per_minute", "breaker_failures", "breaker_seconds"),
    *("max_retries", "retry_strategy", "base_delay_seconds", "max_delay_seconds", "fail_fast"),
    *("allowed_environments", "allow_manual_trigger", "parameter_schema"),
    *("keep_days", "keep_executions"),
)
_FAIL_FASTS = (
    (FailFast.BRANCH, "What waits for it is skipped; the rest of its run goes on"),
    (FailFast.RUN, "What of its run has not started is cancelled too"),
)


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
    execution_options = JsonObjectTextField(
        required=False, label="Options", empty={}, help_text=OPTIONS_HELP
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
            "container_image": "Image",
            "execution_command": "Command",
            "timeout_seconds": "Timeout (seconds)",
            "expected_duration_seconds": "Expected duration (seconds)",
            "max_concurrent_executions": "At most at once",
            "concurrency_key": "Key of a limit",
            "max_concurrent_per_key": "At most at once of one key",
            "starts_per_minute": "Starts a minute at most",
            "breaker_failures": "Breaker opens after (failures in a row)",
            "breaker_seconds": "Breaker tries again after (seconds)",
            "max_retries": "Retries at most",
            "base_delay_seconds": "First wait (seconds)",
            "max_delay_seconds": "Longest wait (seconds)",
            "fail_fast": "When it has failed",
            "allow_manual_trigger": "May be run by hand",
            "keep_days": "Keep for (days)",
            "keep_executions": "Keep at most",
        }
        help_texts = {
            "execution_type_name": "The name it is registered by, such as"
            " SalesReports.DailyReportJob; of a Celery task, the task's name.",
            "container_image": "Such as registry.example.com/reports/daily:1.4. It must be allowed"
            " by SCHEDULER_ALLOWED_IMAGES.",
            "execution_command": "Program and arguments, split as a shell would; no shell runs it."
            " A program of the worker must be allowed by SCHEDULER_ALLOWED_COMMANDS; a container"
            " without one runs what its image says.",
            "expected_duration_seconds": "What takes longer is shown as slow; nothing is stopped.",
            "concurrency_key": "A template over the parameters, such as customer:{customer_id}."
            " Executions with the same key share the limit below; empty: no keys.",
            "breaker_failures": "While it is open, slots are skipped; empty: it opens by hand"
            " only.",
            "max_retries": "0 to 10 further attempts after one that failed.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if mode := self.fields.get("execution_mode"):
            mode.choices = MODES  # type: ignore[attr-defined]
        if fail_fast := self.fields.get("fail_fast"):
            fail_fast.choices = _FAIL_FASTS  # type: ignore[attr-defined]
        owner = JobOwnership.objects.filter(job_id=self.instance.pk).first()
        for name in OWNERSHIP_FIELDS:
            if owner is not None and name in self.fields:
                self.fields[name].initial = getattr(owner, name)

    def write(self) -> JobDefinition:
        values = {name: self.cleaned_data[name] for name in JOB_FIELDS}
        # What was typed for another mode is hidden by now.
        values |= fields_of_others(values["execution_mode"])
        owner = {name: self.cleaned_data[name] for name in OWNERSHIP_FIELDS}
        if self.instance._state.adding:
            return create_job(actor=self.actor, fields=values, ownership=owner)
        return change_job(actor=self.actor, job=self.instance, fields=values, ownership=owner)
