"""The page that asks which slots of a job are to be backfilled, and shows them first."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from audit.trail import Actor
from core.admin_display import badge, link, link_to, short_moment, table
from core.admin_fields import JsonObjectTextField
from core.admin_page import PlatformAdmin
from core.errors import InvalidInput, Refused
from executions.backfills import (
    LEFT_OUT,
    BackfillRequest,
    Include,
    Range,
    RangeSlot,
    preview_backfill,
    start_backfill,
)
from executions.backfills.starting import MOST_AT_ONCE, MOST_PRIORITY
from executions.models import BackfillOrder, JobExecution
from jobs.admin.display import rule_words
from jobs.models import JobDefinition, JobSchedule

_ANSWERED, _START = "_answered", "_start"
_MOST_SHOWN = 200


class _ScheduleField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A schedule by its rule in words."""

    def label_from_instance(self, obj: Any) -> str:
        return rule_words(obj)


class BackfillForm(forms.Form):
    """Which slots, and how they are to run."""

    schedule_id = _ScheduleField(
        JobSchedule.objects.none(), label="Schedule", widget=UnfoldAdminSelectWidget
    )
    from_at = forms.SplitDateTimeField(
        label="From (UTC)",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Slots at this time or later.",
    )
    until_at = forms.SplitDateTimeField(
        label="Until (UTC)",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Slots before this time, which has to be over.",
    )
    include = forms.ChoiceField(
        choices=[
            (Include.MISSING.value, "Slots of which nothing ever started"),
            (Include.FAILED.value, "Also slots that were started and did not succeed"),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    order = forms.ChoiceField(choices=BackfillOrder.choices, widget=UnfoldAdminSelectWidget)
    max_concurrent_executions = forms.IntegerField(
        label="At once",
        initial=1,
        min_value=1,
        max_value=MOST_AT_ONCE,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="So many of its executions are under way at once.",
    )
    priority = forms.IntegerField(
        initial=0,
        min_value=0,
        max_value=MOST_PRIORITY,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=f"0 to {MOST_PRIORITY}, which goes first.",
    )
    parameters = JsonObjectTextField(
        required=False, help_text="A JSON object. Empty: the parameters of the schedule."
    )
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=UnfoldAdminTextInputWidget,
        help_text="The audit trail keeps it.",
    )

    def __init__(self, data: Mapping[str, Any] | None, *, job: JobDefinition) -> None:
        super().__init__(data)
        field = self.fields["schedule_id"]
        field.queryset = JobSchedule.objects.filter(job=job, archived_at__isnull=True)  # type: ignore[attr-defined]
        field.initial = field.queryset.order_by("pk").first()  # type: ignore[attr-defined]

    def read(self) -> BackfillRequest:
        """Return what a valid form asks for."""
        fields = dict(self.cleaned_data)
        fields["schedule_id"] = fields["schedule_id"].pk
        fields["include"] = Include(fields["include"])
        return BackfillRequest(**fields)


def ask_backfill(
    admin: PlatformAdmin, request: HttpRequest, job: JobDefinition, actor: Actor
) -> HttpResponse:
    """Show the form, then also what it would run, until it is told to start."""
    form = BackfillForm(request.POST if _ANSWERED in request.POST else None, job=job)
    found = None
    if form.is_bound and form.is_valid():
        try:
            if _START in request.POST:
                return _start(request, job, actor, form.read())
            found = preview_backfill(job=job, request=form.read())
        except InvalidInput as refusal:
            for problem in refusal.problems:
                field = problem.field if problem.field in form.fields else None
                form.add_error(field, problem.detail.replace("from_at", "From"))
        except Refused as refusal:
            form.add_error(None, refusal.detail)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": f"Backfill: {job}",
        "object": job,
        "form": form,
        "found": found,
        "slots": _slots_table(found) if found else "",
        "hidden": max(len(found.slots) - _MOST_SHOWN, 0) if found else 0,
        "changelist": reverse("admin:jobs_jobdefinition_changelist"),
        "back": reverse("admin:jobs_jobdefinition_change", args=[job.pk]),
        "media": admin.media + form.media,
    }
    return TemplateResponse(request, "executions/admin/backfill_form.html", context)


def _start(
    request: HttpRequest, job: JobDefinition, actor: Actor, asked: BackfillRequest
) -> HttpResponse:
    backfill = start_backfill(actor=actor, job=job, request=asked)
    messages.success(request, format_html("Started {}.", link(backfill, "a backfill")))
    shown = link_address(backfill) if request.user.has_perm(_MAY_SEE) else link_address(job)
    return HttpResponseRedirect(shown)


_MAY_SEE = "executions.view_jobexecution"


def link_address(obj: Any) -> str:
    """Return the address of an object's page."""
    options = obj._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[obj.pk])


def _slots_table(found: Range) -> SafeString:
    rows = [
        (short_moment(slot.at), slot.business_date.isoformat(), _left_out(slot))
        for slot in found.slots[:_MOST_SHOWN]
    ]
    return table(["slot (UTC)", "business date", "left out"], rows, empty="There is no slot.")


def _left_out(slot: RangeSlot) -> SafeString | str:
    if slot.left_out is None:
        return badge("runs", look="good", sign="check")
    words = LEFT_OUT[slot.left_out]
    if slot.execution_id is None:
        return words
    return link_to(JobExecution, slot.execution_id, words)
